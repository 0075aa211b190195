"""Every call under way, and what may be done to it from outside."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callsphere.local.doubles.twilio.incoming import Place, call_fields, find_place
from callsphere.local.doubles.twilio.messages import Row, invalid
from callsphere.local.doubles.twilio.store import Store
from callsphere.local.doubles.twilio.voice.agents import AgentSide
from callsphere.local.doubles.twilio.voice.documents import Address
from callsphere.local.doubles.twilio.voice.ledger import API_VERSION, OVER, Ledger
from callsphere.local.doubles.twilio.voice.lines import check_lines
from callsphere.local.doubles.twilio.voice.live import Broken, Caller, LiveCall, Over, Pace
from callsphere.local.doubles.twilio.voice.playing import Placed, play_incoming, play_outgoing
from callsphere.local.doubles.twilio.voice.stage import Stage
from callsphere.local.doubles.twilio.voice.telling import Callback, Disturbances, Mailbox

_MOST_REMEMBERED = 200
_PATIENCE_S = 5.0


@dataclass
class _Played:
    """A call with what carries it out; it is remembered for a while after its end."""

    stage: Stage
    thread: threading.Thread
    is_told: bool = False
    """Whether everybody who is to know has been told that it is over."""


class Switchboard:
    """Plays calls, each by a thread of its own."""

    def __init__(self, store: Store, lock: threading.RLock, agents: AgentSide) -> None:
        self.ledger = Ledger(store, lock)
        self.pace = Pace()
        self.disturbances = Disturbances()
        self.agents = agents
        self._lock = threading.Lock()
        self._played: OrderedDict[str, _Played] = OrderedDict()

    def ring(
        self,
        *,
        to: str,
        caller: str,
        person: Caller,
        lines: dict[str, Any] | None = None,
        fields: dict[str, str] | None = None,
    ) -> str:
        """Have somebody call a number (+1…) or SIP address, and return the call's id at once.

        `lines` are those that are called on (see `lines`), `fields` go along with what is asked of the call.
        Raises a Refusal as `incoming.ring` does, ValueError for lines that are none.
        """
        check_lines(lines or {})
        place = find_place(self.ledger.store, to)
        if not place.voice[0]:
            raise invalid(11200, f"{to} has no voice address")
        row = self.ledger.open_call(
            place.account, to=to, caller=caller, direction="inbound", phone_number_sid=place.number_sid
        )
        stage = self._stage(
            place.account,
            row,
            {**_incoming_fields(place, to, caller, row), **(fields or {})},
            voice=Address(*place.voice),
            fallback=Address(*place.fallback),
            status=Callback.of(*place.status, ()) if place.status[0] else None,
            person=person,
            lines=lines,
        )
        return self._play(stage, lambda: play_incoming(stage))

    def place(
        self,
        account: Row,
        row: Row,
        placed: Placed,
        *,
        voice: Address,
        fallback: Address,
        status: Callback | None,
    ) -> str:
        """Place a call that was asked for; its resource is there already."""
        stage = self._stage(
            account,
            row,
            _outgoing_fields(row),
            voice=voice,
            fallback=fallback,
            status=status,
            person=Caller(digits=(placed.line.digits,) if placed.line.digits else ()),
        )
        return self._play(stage, lambda: play_outgoing(stage, placed))

    def break_in(self, sid: str, broken: Broken) -> bool:
        """Have a call, or a leg of one, do something else; False when it is over."""
        with self._lock:
            played = self._played.get(sid)
            parents = list(self._played.values())
        if played:
            return played.stage.live.break_in(broken)
        for each in parents:
            leg = each.stage.legs.get(sid)
            if leg is not None and not leg.is_over and isinstance(broken, Over):
                leg.is_stopped = True
                each.stage.live.wake()
                return True
        return False

    def limit(self, sid: str, seconds: float) -> None:
        """Have a call last so long at most, from its answer."""
        with self._lock:
            played = self._played.get(sid)
        if played:
            live = played.stage.live
            live.ends_at = (live.answered_at or live.now) + seconds

    def state(self, sid: str, *, seen: int = -1, patience_s: float = 0.0) -> dict[str, Any] | None:
        """Return how a call stands, what happened, and what was said; None for one that is not remembered.

        With `seen` it waits a while until more than so many events are there, or the call is over.
        """
        with self._lock:
            played = self._played.get(sid)
        if played is None:
            return None
        live = played.stage.live
        if seen >= 0:
            live.watch(seen, patience_s, lambda: played.is_told)
        return {
            "sid": sid,
            "status": live.row["status"],
            "to": live.row["to"],
            "from": live.row["from"],
            "is_over": played.is_told,
            "said": [event["text"] for event in live.events if event["kind"] == "say"],
            "events": list(live.events),
            "legs": [_leg_shown(row) for row in live.legs],
            "callback_failures": list(played.stage.mailbox.failures),
        }

    def close(self) -> None:
        """End every call, and wait a little for their threads."""
        with self._lock:
            everything = list(self._played.values())
        for played in everything:
            played.stage.live.break_in(Over("caller"))
        deadline = time.monotonic() + _PATIENCE_S
        for played in everything:
            played.thread.join(max(deadline - time.monotonic(), 0))

    def _stage(
        self,
        account: Row,
        row: Row,
        fields: dict[str, str],
        *,
        voice: Address,
        fallback: Address,
        status: Callback | None,
        person: Caller | None = None,
        lines: dict[str, Any] | None = None,
    ) -> Stage:
        live = LiveCall(account, row, fields, self.pace, person or Caller(), lines or {})
        mailbox = Mailbox(account, self.disturbances)
        return Stage(live, self.ledger, mailbox, self.agents, voice, fallback, status)

    def _play(self, stage: Stage, play: Callable[[], None]) -> str:
        def run() -> None:
            try:
                play()
            finally:
                self._close(played)

        played = _Played(stage, threading.Thread(target=run, daemon=True, name="twilio call"))
        with self._lock:
            self._played[stage.live.sid] = played
            self._forget_oldest()
        played.thread.start()
        return stage.live.sid

    def _close(self, played: _Played) -> None:
        played.stage.live.close()
        played.stage.mailbox.close()
        self.ledger.save()
        played.is_told = True
        played.stage.live.close()

    def _forget_oldest(self) -> None:
        over = [sid for sid, played in self._played.items() if played.is_told]
        for sid in over[: max(len(self._played) - _MOST_REMEMBERED, 0)]:
            del self._played[sid]


def is_over(row: Row) -> bool:
    """Whether a call's resource says that it is over."""
    return row["status"] in OVER


def _incoming_fields(place: Place, to: str, caller: str, row: Row) -> dict[str, str]:
    fields = call_fields(place, to, caller, row["sid"], "ringing")
    return fields | ({"SipCallId": secrets.token_hex(16)} if "SipDomain" in fields else {})


def _outgoing_fields(row: Row) -> dict[str, str]:
    return {
        "AccountSid": row["account_sid"],
        "ApiVersion": API_VERSION,
        "CallSid": row["sid"],
        "Direction": "outbound-api",
        "To": row["to"],
        "Called": row["to"],
        "From": row["from"],
        "Caller": row["from"],
    }


def _leg_shown(row: Row) -> dict[str, Any]:
    """Headers in the address may hold tokens."""
    names = ("sid", "status", "duration", "answered_by")
    return {"to": row["to"].partition("?")[0], **{name: row.get(name) for name in names}}
