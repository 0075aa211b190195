"""What a sandbox carrier does at each moment of a registration or call; the defaults are a good carrier's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from callsphere.sip.dialog import Dialog
from callsphere.sip.message import Request
from callsphere.sip.nat import LocalFlow
from callsphere.sip.session_timer import TimerAnswer, answer_timer

RINGS_S = 0.1
OUR_USER = "carrier"


@dataclass(frozen=True, slots=True)
class Guard:
    """How a carrier asks for credentials. `passwords` maps user names to theirs.

    A nonce is good for `nonce_s` seconds and, with `one_use`, for one request. `verbatim` is sent in
    place of challenges, as it is.
    """

    passwords: Mapping[str, str] = field(default_factory=dict)
    algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    nonce_s: float = 60.0
    one_use: bool = False
    verbatim: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """How a carrier keeps registrations: the shortest it takes, in seconds, and whether it keeps any."""

    shortest_s: int = 60
    keeps: bool = True


def _always(seconds: float) -> bool:
    return True


def _nobody(request: Request) -> int | None:
    return None


def _nothing(request: Request, dialog: Dialog) -> int | None:
    return None


def _own_contact(flow: LocalFlow, secure: bool) -> str:
    return flow.contact(OUR_USER, secure=secure)


def _no_proxy(flow: LocalFlow) -> str | None:
    return None


def _unchanged(sdp: bytes) -> bytes:
    return sdp


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One field for each moment at which carriers differ. A refusal is a status; None takes the request."""

    hears: Callable[[float], bool] = _always
    """Whether anything is heard and said, by the seconds since the carrier started."""
    refuses: Callable[[Request], int | None] = _nobody
    """A request outside of dialogs."""
    guard: Guard | None = None
    registry: Registry = Registry()
    timer: Callable[[Request, float], TimerAnswer] = answer_timer
    """The answer to the session timer of an INVITE that starts a call."""
    rings_s: float = RINGS_S
    contact: Callable[[LocalFlow, bool], str] = _own_contact
    """The Contact of a call, by where it came in and whether it is for a SIPS URI."""
    proxy: Callable[[LocalFlow], str | None] = _no_proxy
    """A proxy before the carrier that stays in the route, as a Record-Route value."""
    sdp: Callable[[bytes], bytes] = _unchanged
    """What becomes of a session description on its way out."""
    hears_ack: bool = True
    refuses_inside: Callable[[Request, Dialog], int | None] = _nothing
    """A request inside a call."""
    hangs_up_after_s: float | None = None
    """Seconds from the ACK to the carrier's BYE, None while the caller may talk on."""
