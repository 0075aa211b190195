"""How calls on a trunk prove that they are still there, and how long they may last (RFC 4028)."""
