"""Twilio by its own SDK: subaccounts, numbers, SIP domains, BYOC and elastic trunks, trust hub."""
