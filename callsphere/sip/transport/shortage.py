"""What this machine lacks when no peer is to blame for a failure: descriptors, ports, a network."""

from __future__ import annotations

import contextlib
import errno
import resource
import socket

from callsphere.sip.transport.udp import outgoing_address

OUR_SHORTAGE = "our_shortage"
"""Instead of a cause: we could not ask, so nothing is known of the peer. Told to no customer."""
MOST_CONNECTIONS = 16_384
"""Connections of one engine at the most, in whatever state."""
_LACKING = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
# Nobody is sent anything there: they only tell whether a route leads out.
_FAR_AWAY = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


class OurShortage(Exception):
    """What was asked for cannot be found out now: this machine lacks something. `str()` says what."""


def connections_allowed() -> int:
    """Raise the limit on open files to what the system lets us, and return how many may be connections.

    Half of it: the rest is for the database, name servers, files and calls. Linux starts processes with a
    soft limit of 1,024 and leaves it to them to raise it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(soft // 2, MOST_CONNECTIONS))


def is_ours(error: OSError) -> bool:
    """Whether a failed system call says something about this machine and nothing about the peer."""
    return error.errno in _LACKING or (error.errno == errno.ENETUNREACH and not _leads_out())


def _leads_out() -> bool:
    """Whether this machine has a route to anywhere; without one, every peer seems unreachable."""
    for family, address in _FAR_AWAY.items():
        with contextlib.suppress(OSError):
            outgoing_address(family, address)
            return True
    return False
