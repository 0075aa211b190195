"""Sandbox carriers: small SIP servers on loopback that behave like carriers, good and bad ones."""
