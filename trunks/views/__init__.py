"""The pages of trunks, one module for each area."""
