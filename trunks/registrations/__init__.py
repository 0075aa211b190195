"""Registrations: what a customer wants bound. `trunks.bindings` makes it so."""
