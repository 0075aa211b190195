"""The pages of carriers: one trunk's, and the choice before there is a trunk."""
