"""The readiness check: walks a trunk the way a call would, and says in plain words where it breaks."""
