"""People who bring customers: links and codes, what they earn, and the ledger that says so."""
