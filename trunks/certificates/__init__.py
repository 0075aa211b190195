"""What gateways trust and show over TLS: entered by people, watched until it ends."""
