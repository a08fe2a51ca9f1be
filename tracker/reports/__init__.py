"""What people and other programs read of the archive's findings."""
