"""Trunks at Twilio: what is wanted is compared with what is there, shown, and put there."""
