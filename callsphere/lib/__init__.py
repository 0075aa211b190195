"""Leaf code that knows neither models nor settings."""
