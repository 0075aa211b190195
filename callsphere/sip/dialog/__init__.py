"""Dialogs (RFC 3261 §12 to §15) without I/O, for the side that calls and the side that is called.

calls = DialogSet(invite)
event = calls.receive(response)               # Ringing, Answered, AnsweredAgain, Unwanted, Refused
if isinstance(event, Answered):
    dialog = event.dialog
    if dialog.problem is not None: ...        # contact_unusable; ACK and BYE still find a way
    resolve(dialog.next_hop)                  # where ACK and everything after it goes
    send(dialog.ack(invite, via=flow.via(branch)))
    dialog.media, dialog.timer = media, negotiation.on_2xx(response, now)
hold = dialog.request("INVITE", via=flow.via(branch), headers=timer.headers(), body=offer)
effect = dialog.receive_response(response)    # takes the new remote target, tells 491 and 481
reaction = receive_request(dialog, request, now=now, chance=random())
send(reaction.response)
bye = dialog.request("BYE", via=flow.via(branch))
"""

from __future__ import annotations

from callsphere.sip.dialog.dialog import Dialog
from callsphere.sip.dialog.dialog_set import (
    Answered,
    AnsweredAgain,
    CallEvent,
    DialogSet,
    Refused,
    Ringing,
    Unwanted,
)
from callsphere.sip.dialog.glare import retry_after, retry_delay
from callsphere.sip.dialog.peer_requests import (
    ALLOW,
    SUPPORTED,
    PeerEvent,
    Reaction,
    answer_outside,
    receive_request,
)
from callsphere.sip.dialog.routing import (
    Path,
    RouteSet,
    RoutingError,
    contact_uri,
    is_loose,
    next_hop,
    request_line_and_routes,
    route_set_of,
)
from callsphere.sip.dialog.state import TARGET_REFRESH, DialogState, Effect
from callsphere.sip.dialog.success import SuccessRetransmission

__all__ = [
    "ALLOW",
    "SUPPORTED",
    "TARGET_REFRESH",
    "Answered",
    "AnsweredAgain",
    "CallEvent",
    "Dialog",
    "DialogSet",
    "DialogState",
    "Effect",
    "Path",
    "PeerEvent",
    "Reaction",
    "Refused",
    "Ringing",
    "RouteSet",
    "RoutingError",
    "SuccessRetransmission",
    "Unwanted",
    "answer_outside",
    "contact_uri",
    "is_loose",
    "next_hop",
    "receive_request",
    "request_line_and_routes",
    "retry_after",
    "retry_delay",
    "route_set_of",
]
