"""Calls that go on now: watched, and ended when nobody else ends them."""
