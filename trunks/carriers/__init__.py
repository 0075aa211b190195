"""A trunk and its carrier: what to enter at both ends, what changed since, which way of connecting fits."""
