"""Pages about people, organisations, keys and the log, one module an area."""
