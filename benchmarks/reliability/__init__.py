"""What the daemon survives: commands that try to break it, and count what they did."""
