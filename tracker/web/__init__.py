"""The web page and the JSON interface: they read the archive and change nothing."""
