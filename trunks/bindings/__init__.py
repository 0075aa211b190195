"""Bindings at registrars: which are due, made and kept by the workers, and what became of each attempt."""
