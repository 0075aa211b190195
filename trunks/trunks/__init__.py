"""The trunk itself: its name, direction, number rule; made, changed, deleted."""
