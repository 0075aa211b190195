"""What address translation demands: addresses we show, and the way responses go (RFC 3581, RFC 3261 §18.2).

    flow = LocalFlow("udp", "10.0.0.5", 5060, advertised_host="203.0.113.10")
    flow.via(branch)          # SIP/2.0/UDP 203.0.113.10:5060;rport;branch=...
    flow.contact("check")     # <sip:check@203.0.113.10:5060>
    via_through(request, proxy)                      # outbound proxy: a Route of ours
    stamp_via(request, "198.51.100.7", 1024)         # as a server: received and rport
    response_address(response.via, source, reliable=False)

Nobody else's addresses are rewritten: what a session border controller put into Contact, Via or SDP
is what it wants to be reached by, and a Contact that cannot be reached is reported, not repaired.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from callsphere.sip.headers import Via
from callsphere.sip.message import Request, Response
from callsphere.sip.sdp import is_private_address
from callsphere.sip.uri import SipUri, Transport

Address = tuple[str, int]
"""Numeric address and port."""

_DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}


@dataclass(frozen=True, slots=True)
class LocalFlow:
    """Our end of a way to a peer: what Via and Contact show.

    `host` and `port` are the socket's (for connections: where we would listen). `advertised_host`
    and `advertised_port` replace them where we stand behind a translator or an edge of our own.
    """

    transport: Transport
    host: str
    port: int
    advertised_host: str | None = None
    advertised_port: int | None = None

    @property
    def shown_host(self) -> str:
        """The host without brackets that others are to use."""
        return (self.advertised_host or self.host).strip("[]")

    @property
    def sent_by(self) -> str:
        """`host:port` of Via and Contact."""
        return f"{_bracketed(self.shown_host)}:{self.advertised_port or self.port}"

    def via(self, branch: str) -> Via:
        """A Via of ours; `rport` asks for the answer to come back to where we send from (RFC 3581 §3)."""
        params = (("rport", None), ("branch", branch))
        shown = _bracketed(self.shown_host)
        return Via(self.transport.upper(), shown, self.advertised_port or self.port, params)

    def contact(self, user: str, *, secure: bool = False) -> str:
        """A Contact value; `secure` for calls to SIPS URIs, which want a SIPS Contact (RFC 3261 §8.1.1.8)."""
        scheme = "sips" if secure else "sip"
        transport = "" if secure or self.transport == "udp" else f";transport={self.transport}"
        return f"<{scheme}:{user}@{self.sent_by}{transport}>"

    def in_place_of(self, other: LocalFlow, contact: str) -> str:
        """A Contact of ours that showed another flow, such as a connection that is over, with this one."""
        return contact.replace(f"@{other.sent_by}", f"@{self.sent_by}", 1)

    def as_seen(self, response: Response) -> LocalFlow:
        """This flow with the address that a response's Via shows us to have, for the next request.

        Only when nothing is advertised, our address is private and the one seen is not: what is
        public already, or was set by the operator or rewritten on the way, stays as it is.
        """
        via = response.via
        seen, port = via.received, via.rport
        untouched = (
            via.host.strip("[]") == self.shown_host
            and (via.port or _DEFAULT_PORT[self.transport]) == self.port
        )
        if self.advertised_host is not None or not seen or not untouched:
            return self
        if not _is_numeric(seen) or is_private_address(seen) or not is_private_address(self.host):
            return self
        # The port of a connection that we opened is nowhere to be called at.
        shown_port = port if self.transport == "udp" else None
        return replace(self, advertised_host=seen.strip("[]"), advertised_port=shown_port)


def via_through(request: Request, proxy: SipUri) -> None:
    """Send a request that starts a dialog through an outbound proxy: a loose Route of ours (RFC 3261 §8.1.2).

    The first hop is then `proxy`. Inside the dialog only Record-Route counts (§12.1.2).
    """
    params = proxy.params if proxy.param("lr") is not None else (*proxy.params, ("lr", None))
    uri = replace(proxy, user=None, password=None, params=params, headers=())
    request.headers.insert("Route", f"<{uri}>")


def stamp_via(request: Request, address: str, port: int) -> None:
    """Note on a request's topmost Via where it came from (RFC 3261 §18.2.1, RFC 3581 §4).

    `received` when the sender asked for rport or shows another host; `rport` only when asked for.
    """
    vias = request.headers.get_list("via")
    via = request.via
    wants_port = any(name.lower() == "rport" for name, _ in via.params)
    if wants_port:
        via = via.with_param("rport", str(port))
    if wants_port or not _same_address(via.host, address):
        via = via.with_param("received", address)
    request.headers.remove("Via")
    for value in reversed([str(via), *vias[1:]]):
        request.headers.insert("Via", value)


def response_address(via: Via, source: Address) -> Address:
    """Where a response goes over UDP (RFC 3261 §18.2.2, RFC 3581 §4): back where the request came from.

    With rport to the very source; else to the source's address and the port that Via shows. `maddr`
    is not followed: it would let anybody point our answers at a third party. Over connections the
    answer goes back on the connection itself.
    """
    address, source_port = source
    if any(name.lower() == "rport" for name, _ in via.params):
        return address, source_port
    return address, via.port or _DEFAULT_PORT["udp"]


def stays_on_flow(uri: SipUri, transport: Transport, remote: Address) -> bool:
    """Whether a next hop is the peer that we already have a connection with.

    True for the numeric address and port of the connection, unless the URI names another transport:
    peers reached over TCP or TLS often leave `;transport=` out of their Contact.
    """
    if transport == "udp" or not uri.is_literal or uri.param("maddr") is not None:
        return False
    named = uri.explicit_transport
    if named not in (None, transport) or (uri.scheme == "sips" and transport != "tls"):
        return False
    return _same_address(uri.host, remote[0]) and (uri.port or _DEFAULT_PORT[transport]) == remote[1]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _same_address(one: str, other: str) -> bool:
    one, other = one.strip("[]"), other.strip("[]")
    if _is_numeric(one) and _is_numeric(other):
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    return one.lower() == other.lower()
