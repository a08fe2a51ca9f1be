"""The values the product speaks in: frozen, validated when made, free of any library.

Tables, wire formats and pages are built from these; nothing here knows about them.
"""
