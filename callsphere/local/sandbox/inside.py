"""Refusals inside calls, by what the request wants (RFC 3261 §14.2)."""

from __future__ import annotations

from callsphere.sip.dialog import Dialog
from callsphere.sip.message import Request
from callsphere.sip.sdp import SdpError, SessionDescription, direction_of, parse_sdp, sdp_body


def hold_unwanted(request: Request, dialog: Dialog) -> int | None:
    """Refuse to be put on hold."""
    return 488 if _direction(request) in ("sendonly", "inactive") else None


def hold_unknown(request: Request, dialog: Dialog) -> int | None:
    """Have lost the call when it is put on hold."""
    return 481 if _direction(request) in ("sendonly", "inactive") else None


def refresh_unwanted(request: Request, dialog: Dialog) -> int | None:
    """Refuse UPDATE, and re-INVITEs that change nothing."""
    if request.method == "UPDATE":
        return 501
    known = dialog.media.remote if dialog.media is not None else None
    same = request.method == "INVITE" and _direction(request) == _direction_in(known)
    return 488 if same else None


def proxy_lost(request: Request, dialog: Dialog) -> int | None:
    """Be a proxy that is in the route and knows nothing of the call."""
    return 481


def bye_unwanted(request: Request, dialog: Dialog) -> int | None:
    """Answer BYE with an error."""
    return 500 if request.method == "BYE" else None


def _direction(request: Request) -> str | None:
    body = sdp_body(request)
    try:
        return _direction_in(parse_sdp(body)) if body is not None else None
    except SdpError:
        return None


def _direction_in(description: SessionDescription | None) -> str | None:
    audio = description.audio if description is not None else None
    return direction_of(description, audio) if description is not None and audio is not None else None
