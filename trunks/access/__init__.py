"""How carrier and trunk recognise each other: allowed networks, credentials, and where passwords may go."""
