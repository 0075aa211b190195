"""All dialogs that one INVITE of ours makes, since a proxy may fork it (RFC 3261 §12.1.2, §13.2.2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from callsphere.sip.dialog.dialog import Dialog
from callsphere.sip.dialog.state import DialogState
from callsphere.sip.message import Request, Response
from callsphere.sip.sdp import sdp_body

MAX_DIALOGS = 16
"""Branches of a fork that are followed."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """A provisional response; `dialog` is None when it names none (100, or no To tag)."""

    response: Response
    dialog: Dialog | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The first 2xx: the call. Send `dialog.ack(...)`. `sdp` is what the peer described, 18x included."""

    response: Response
    dialog: Dialog
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class AnsweredAgain:
    """A 2xx whose ACK got lost or is under way: send `ack` again; None when none was made yet."""

    response: Response
    dialog: Dialog
    ack: Request | None


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A 2xx of another fork, or after we gave up: send ACK, then BYE (RFC 3261 §13.2.2.4)."""

    response: Response
    dialog: Dialog


@dataclass(frozen=True, slots=True)
class Refused:
    """A final response other than 2xx; all early dialogs are over."""

    response: Response


CallEvent = Ringing | Answered | AnsweredAgain | Unwanted | Refused


class DialogSet:
    """The dialogs of one INVITE, by To tag.

    After a 401, 407 or 422 hand the next attempt to `resend`. After `give_up` (CANCEL was sent, or
    nobody waits any longer) every 2xx is Unwanted.
    """

    def __init__(self, invite: Request) -> None:
        self.invite = invite
        self.dialogs: dict[str, Dialog] = {}
        self.call: Dialog | None = None
        self._sdp: dict[str, bytes] = {}
        self._given_up = False

    def resend(self, invite: Request) -> None:
        """The INVITE went out once more with another CSeq number; early dialogs of the old one are over."""
        self._end_early()
        self.invite = invite

    def give_up(self) -> None:
        """The call is no longer wanted."""
        self._given_up = True

    def receive(self, response: Response) -> CallEvent | None:
        """Take a response to the INVITE, from the transaction or stray; None for one to an older attempt."""
        if response.cseq != self.invite.cseq or response.call_id != self.invite.call_id:
            return None
        if response.status >= 300:
            self._end_early()
            return Refused(response)
        tag = response.to.tag
        if response.status < 200 and (tag is None or response.status == 100):
            return Ringing(response, None)
        dialog, is_new = self._dialog(tag or "", response)
        if dialog is None:
            return None
        self._keep_sdp(tag or "", response)
        if response.status < 200:
            if not is_new and dialog.state is DialogState.EARLY:
                dialog.receive_response(response)
            return Ringing(response, dialog)
        return self._answered(dialog, response, is_new=is_new)

    def _answered(self, dialog: Dialog, response: Response, *, is_new: bool) -> CallEvent:
        if not is_new and dialog.state is not DialogState.EARLY:
            return AnsweredAgain(response, dialog, dialog.ack_again(response))
        if not is_new:
            dialog.receive_response(response)
        if self.call is not None or self._given_up:
            return Unwanted(response, dialog)
        self.call = dialog
        return Answered(response, dialog, self._sdp.get(response.to.tag or ""))

    def _dialog(self, tag: str, response: Response) -> tuple[Dialog | None, bool]:
        known = self.dialogs.get(tag)
        if known is not None:
            return known, False
        if len(self.dialogs) >= MAX_DIALOGS and response.status < 200:
            return None, False
        self.dialogs[tag] = dialog = Dialog.from_response(self.invite, response)
        return dialog, True

    def _keep_sdp(self, tag: str, response: Response) -> None:
        # Carriers that described the session in a 183 often leave it out of the 200 (RFC 3261 §13.2.1
        # wants it there unless the 183 was reliable); what they said then still holds.
        body = sdp_body(response)
        if body is not None and (response.is_final or tag not in self._sdp):
            self._sdp[tag] = body

    def _end_early(self) -> None:
        for tag, dialog in list(self.dialogs.items()):
            if dialog.state is DialogState.EARLY:
                dialog.terminate()
                del self.dialogs[tag]
                self._sdp.pop(tag, None)
