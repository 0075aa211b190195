"""Pages of plans and payment."""
