"""A trunk with all that belongs to it, made at once: the guided path to the first green trunk."""
