"""Storage on real databases and real files."""
