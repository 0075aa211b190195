"""The pages of phone numbers, and of how a trunk writes them."""
