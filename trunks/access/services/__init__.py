"""What can be done to allowed networks and credentials."""

from trunks.access.services.credentials import add_credential, delete_credential, update_credential
from trunks.access.services.networks import (
    add_allowed_network,
    delete_allowed_network,
    update_allowed_network,
)

__all__ = [
    "add_allowed_network",
    "add_credential",
    "delete_allowed_network",
    "delete_credential",
    "update_allowed_network",
    "update_credential",
]
