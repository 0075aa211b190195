"""Whole calls: what a caller goes through, leg by leg, as the TwiML says."""
