"""Video files: fetching, probing and reading their frames."""
