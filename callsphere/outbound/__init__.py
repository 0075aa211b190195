"""Calls that we place: single ones, and those of campaigns."""
