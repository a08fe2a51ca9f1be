"""Measurements on any corpus folder; no test depends on them."""
