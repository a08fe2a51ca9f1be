"""What the archive bears: kills, failing disks, outages, long runs."""
