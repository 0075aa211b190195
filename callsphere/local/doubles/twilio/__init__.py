"""Twilio's HTTP API on loopback: stateful, strict, with signed callbacks and faults on demand."""
