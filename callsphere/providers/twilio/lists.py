"""How Twilio's lists are read."""

EVERYTHING = 1000
"""The largest page that Twilio gives: nearly every list comes in one request."""
