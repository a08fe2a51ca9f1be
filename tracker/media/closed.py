"""Imported first by the fork server: no child may read or write its memory or environment."""

from tracker.process_start import close_memory

close_memory()
