"""Phone numbers as a trunk writes them."""
