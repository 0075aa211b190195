"""Forms of the agents' pages. They read what people type; the rules live in the services."""
