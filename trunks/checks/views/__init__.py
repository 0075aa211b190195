"""The pages of readiness checks."""
