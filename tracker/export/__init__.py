"""Use case: write provenance reports and bundles, and record that it was done."""

from tracker.export.reports import FORMATS, ReportOptions, Reports

__all__ = ["FORMATS", "ReportOptions", "Reports"]
