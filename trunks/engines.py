"""What all SIP engines of a worker process share: where they may send, and that the process is going down."""

import threading

from django.conf import settings

from callsphere.lib.netguard import AddressPolicy

_stopping = threading.Event()


def address_policy() -> AddressPolicy:
    """Return the operator's policy on addresses."""
    return AddressPolicy.from_strings(settings.NETGUARD_ALLOW)


def stop_claiming() -> None:
    """Let runs end after the batch they are at: the process is going down."""
    _stopping.set()


def is_stopping() -> bool:
    """Whether the process is going down."""
    return _stopping.is_set()
