"""What every trunk page stands on."""
