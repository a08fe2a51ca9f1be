"""Rows and files: everything the product keeps, and the only place that knows how."""
