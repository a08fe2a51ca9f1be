"""What the daemon takes of the machine; the figures are in ``docs/reliability.md``."""
