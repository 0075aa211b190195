"""Measurements: each against its peer in the same run, printed for people and kept as JSON lines."""
