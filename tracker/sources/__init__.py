"""Where posts come from: one file a platform or format, parsers separate from the network."""
