"""Gateways: where a carrier takes SIP."""
