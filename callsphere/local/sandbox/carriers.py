"""The sandbox carriers: what each is called, what it plays, where it listens."""

from __future__ import annotations

import math
from dataclasses import dataclass

from callsphere.local.sandbox import descriptions, inside, refusals, timers
from callsphere.local.sandbox.behaviour import Behaviour, Guard, Registry
from callsphere.sip.nat import LocalFlow
from callsphere.sip.uri import Transport

FIRST_PORT = 15060
PORTS = 100
"""How many ports from the first one are the sandbox's, used or not."""
NAMES_PORT = 99
"""Offset of the name server."""
NOTHING_PORT = 98
"""Offset of a port where nothing listens."""
USERNAME = "harbor-dental"
PASSWORD = "open-sesame-sandbox"
"""What the carriers that ask for credentials take. No secret: they are on loopback, and the docs name it."""
UP_SECONDS = 180
DOWN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of a carrier: offset from the first sandbox port, transport, and for TLS which context.

    `full`: its queue of connections is full, so that nobody gets through.
    """

    offset: int
    transport: Transport
    certificate: str = ""
    full: bool = False


@dataclass(frozen=True, slots=True)
class NoSip:
    """A server that answers everything with the same bytes and hangs up."""

    says: bytes


@dataclass(frozen=True, slots=True)
class NoHandshake:
    """A TLS server that nobody of today can agree with."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier by its name, and in words what it plays."""

    name: str
    plays: str
    behaviour: Behaviour | NoSip | NoHandshake
    listeners: tuple[Listener, ...]


def comes_and_goes(seconds: float) -> bool:
    """Be there for three minutes and away for two, over and over."""
    return seconds % (UP_SECONDS + DOWN_SECONDS) < UP_SECONDS


def _never(seconds: float) -> bool:
    return False


def _link_local_contact(flow: LocalFlow, secure: bool) -> str:
    # As a gateway shows it that got no address: private, and one that no policy ever lets through, so
    # that the ACK does not leave this machine for somebody's network.
    return "<sip:carrier@169.254.10.20:5060>"


def _proxy(flow: LocalFlow) -> str:
    transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
    return f"<sip:{flow.sent_by}{transport};lr>"


def _plain(offset: int) -> tuple[Listener, ...]:
    return Listener(offset, "udp"), Listener(offset, "tcp")


def _tls(offset: int, certificate: str) -> tuple[Listener, ...]:
    return (Listener(offset, "tls", certificate),)


HEALTHY = Behaviour()
DIGEST = Guard({USERNAME: PASSWORD})

REACHING = (
    Carrier(
        "healthy", "answers, registers and takes calls", HEALTHY, (*_plain(0), Listener(1, "tls", "valid"))
    ),
    Carrier(
        "overloaded", "answers everything with 503", Behaviour(refuses=refusals.everything(503)), _plain(10)
    ),
    Carrier("mute", "never answers", Behaviour(hears=_never), (Listener(20, "udp"),)),
    Carrier("full", "lets no connection in", HEALTHY, (Listener(21, "tcp", full=True),)),
    Carrier("hangs up", "closes connections without an answer", NoSip(b""), (Listener(22, "tcp"),)),
    Carrier(
        "web server",
        "speaks HTTP where SIP is expected",
        NoSip(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        (Listener(23, "tcp"),),
    ),
    Carrier("expired certificate", "its certificate has expired", HEALTHY, _tls(31, "expired")),
    Carrier("early certificate", "its certificate begins in a few days", HEALTHY, _tls(32, "early")),
    Carrier("late certificate", "its certificate ends in a few days", HEALTHY, _tls(33, "late")),
    Carrier("other name", "its certificate is for sip.example.com", HEALTHY, _tls(34, "other")),
    Carrier("self-signed", "signed its certificate itself", HEALTHY, _tls(35, "stranger")),
    Carrier("old TLS", "speaks TLS 1.1 only", NoHandshake(), _tls(36, "old")),
    Carrier("client certificate", "asks callers for a certificate", NoHandshake(), _tls(37, "asking")),
    Carrier(
        "comes and goes",
        "up for three minutes, silent for two",
        Behaviour(hears=comes_and_goes),
        (Listener(40, "udp"),),
    ),
)

SIGNING_IN = (
    Carrier(
        "digest",
        "asks for user name and password: SHA-256 or MD5",
        Behaviour(guard=DIGEST),
        (*_plain(50), Listener(51, "tls", "valid")),
    ),
    Carrier(
        "one-time nonces",
        "asks anew for each request, as stale",
        Behaviour(guard=Guard({USERNAME: PASSWORD}, one_use=True)),
        _plain(52),
    ),
    Carrier("wrong digest", "refuses every user name and password", Behaviour(guard=Guard()), _plain(53)),
    Carrier(
        "strange digest",
        "offers an algorithm that nobody else has",
        Behaviour(guard=Guard(algorithms=("AKAv1-MD5",))),
        _plain(54),
    ),
    Carrier(
        "broken digest",
        "its challenge has no nonce",
        Behaviour(guard=Guard(verbatim='Digest realm="sandbox", qop="auth"')),
        _plain(55),
    ),
    Carrier(
        "always stale",
        "calls every nonce stale, its own too",
        Behaviour(guard=Guard({USERNAME: PASSWORD}, nonce_s=0)),
        _plain(56),
    ),
    Carrier(
        "address list",
        "answers addresses that it does not know with 403",
        Behaviour(refuses=refusals.everything(403)),
        _plain(57),
    ),
    Carrier(
        "long registrations",
        "takes registrations from 30 minutes on: 423",
        Behaviour(registry=Registry(shortest_s=1800)),
        _plain(60),
    ),
    Carrier(
        "forgetful registrar",
        "accepts registrations and keeps none",
        Behaviour(registry=Registry(keeps=False)),
        _plain(61),
    ),
    Carrier("no registrar", "takes no REGISTER", Behaviour(refuses=refusals.registrations), _plain(62)),
)

CALLING = (
    Carrier(
        "codes",
        "refuses calls with the code that the number ends in",
        Behaviour(refuses=refusals.by_number),
        _plain(70),
    ),
    Carrier("rings on", "rings and never answers", Behaviour(rings_s=math.inf), _plain(71)),
    Carrier("other codec", "answers with G.729", Behaviour(sdp=descriptions.other_codec), _plain(72)),
    Carrier("SRTP only", "answers with encrypted audio", Behaviour(sdp=descriptions.encrypted), _plain(73)),
    Carrier("no SDP", "answers without a description", Behaviour(sdp=descriptions.nothing), _plain(74)),
    Carrier(
        "behind NAT",
        "its Contact is a private address",
        Behaviour(contact=_link_local_contact),
        _plain(75),
    ),
    Carrier("deaf to ACK", "repeats its 200 for ever", Behaviour(hears_ack=False), _plain(76)),
    Carrier(
        "long sessions",
        "takes session intervals from 10 minutes on: 422",
        Behaviour(timer=timers.at_least(timers.LONG_S)),
        _plain(80),
    ),
    Carrier(
        "longer sessions",
        "asks for a longer session interval every time",
        Behaviour(timer=timers.never_enough),
        _plain(81),
    ),
    Carrier("no session timer", "knows no session timers", Behaviour(timer=timers.none), _plain(82)),
    Carrier("drops", "hangs up 0.4 s after the ACK", Behaviour(hangs_up_after_s=0.4), _plain(83)),
    Carrier("no hold", "refuses hold with 488", Behaviour(refuses_inside=inside.hold_unwanted), _plain(84)),
    Carrier("hold ignored", "goes on sending on hold", Behaviour(sdp=descriptions.hold_ignored), _plain(85)),
    Carrier(
        "hold kills", "loses the call on hold: 481", Behaviour(refuses_inside=inside.hold_unknown), _plain(86)
    ),
    Carrier(
        "no refresh",
        "refuses UPDATE and re-INVITE",
        Behaviour(refuses_inside=inside.refresh_unwanted),
        _plain(87),
    ),
    Carrier(
        "broken route",
        "a proxy in its Record-Route does not know the call: 481",
        Behaviour(proxy=_proxy, refuses_inside=inside.proxy_lost),
        _plain(88),
    ),
    Carrier("no BYE", "answers BYE with 500", Behaviour(refuses_inside=inside.bye_unwanted), _plain(89)),
)

CARRIERS = (*REACHING, *SIGNING_IN, *CALLING)
