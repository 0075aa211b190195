"""The TLS contexts of one event loop: the operator's, and one for each profile."""

from __future__ import annotations

import ssl

from callsphere.lib.bounded_cache import BoundedCache
from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.transport.tls import TlsFailure, TlsTrust

ROOM = 2048
"""Contexts that are kept: one with authorities of its own weighs 1."""
WEIGHT_OF_ROOTS = 16
"""One with the system's roots in it takes about 0.9 MB, and 16 ms to make."""


class TlsTrusts:
    """Makes contexts when first needed and keeps them, so that connections can be kept as well."""

    def __init__(self, ca_file: str | None = None) -> None:
        """Raises OSError or ssl.SSLError when `ca_file` cannot be read."""
        self.default = TlsTrust(ca_file)
        self._ca_file = ca_file
        self._made: BoundedCache[TlsProfile, TlsTrust] = BoundedCache(ROOM)

    def of(self, profile: TlsProfile | None) -> TlsTrust:
        """The context of a profile; raise TlsFailure for a profile that cannot be used."""
        if profile is None:
            return self.default
        known = self._made.get(profile)
        if known is None:
            known = usable_trust(self._ca_file, profile)
            self._made.put(profile, known, 1 if profile.authorities else WEIGHT_OF_ROOTS)
        return known


def usable_trust(ca_file: str | None, profile: TlsProfile) -> TlsTrust:
    """The context of a profile; raise TlsFailure for one that OpenSSL does not take."""
    try:
        return TlsTrust(ca_file, profile)
    except (ssl.SSLError, ValueError) as error:
        reason = str(getattr(error, "reason", None) or "unreadable").replace("_", " ").lower()
        detail = f"The certificates entered for this gateway cannot be used ({reason})."
        cause = "tls_client_cert_rejected" if profile.presents else "tls_untrusted"
        raise TlsFailure(cause, detail) from None
