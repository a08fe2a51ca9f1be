"""What :mod:`tracker.app` composes the application from: terms, doors, the opened archive."""
