"""Readiness checks: asked for, run by the workers, read, shared."""
