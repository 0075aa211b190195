"""Pages of outbound calls."""
