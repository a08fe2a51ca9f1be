"""Use case: check that everything the archive holds is still what was recorded."""

from tracker.audit.archive import verify_archive

__all__ = ["verify_archive"]
