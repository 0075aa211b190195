"""Twilio without sockets: checks a request as the documents say, and answers from what it remembers."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callsphere.local.doubles.twilio import accounts, caller_ids, numbers, recordings, sip, trunks, trust
from callsphere.local.doubles.twilio.access import account_asked_for, identify
from callsphere.local.doubles.twilio.calls import answer_calls
from callsphere.local.doubles.twilio.faults import Fault, Faults
from callsphere.local.doubles.twilio.messages import Answer, Refusal, Request, Row, not_found
from callsphere.local.doubles.twilio.paging import page
from callsphere.local.doubles.twilio.resources import Deed, Rules, answer, collection_of, shown, typed
from callsphere.local.doubles.twilio.specification import Operation, has_path, match
from callsphere.local.doubles.twilio.store import ACCOUNTS, Store
from callsphere.local.doubles.twilio.text_messages import MESSAGES, TextMessages
from callsphere.local.doubles.twilio.voice.agents import AgentSide
from callsphere.local.doubles.twilio.voice.ledger import CALLS, RECORDINGS
from callsphere.local.doubles.twilio.voice.switchboard import Switchboard

_KEPT_REQUESTS = 500
_RULES: dict[str, Rules] = {
    **accounts.RULES,
    **numbers.RULES,
    **sip.RULES,
    **trunks.RULES,
    **trust.RULES,
}
_AVAILABLE = "api/AvailablePhoneNumbers"
_SPECIAL: dict[str, Callable[[Deed], Answer]] = {
    ACCOUNTS: accounts.answer_accounts,
    caller_ids.CALLER_IDS: caller_ids.answer_caller_ids,
    trunks.TRUNK_NUMBERS: trunks.answer_trunk_numbers,
    "trunking/Trunks/{TrunkSid}/Recording": trunks.answer_recording,
    RECORDINGS: recordings.answer_recordings,
    recordings.OF_A_CALL: recordings.answer_recordings_of_a_call,
}
_LISTS: dict[str, Callable[[Deed], list[Row]]] = {
    numbers.NUMBERS: numbers.list_numbers,
    numbers.REGULATIONS: numbers.regulations,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the status it was answered with; 0 when the connection was closed instead."""

    request: Request
    status: int


class Twilio:
    """The double itself. One lock: requests are short. Calls that it plays go on by threads of their own.

    `agents` says where OpenAI's double is, for calls that are led there.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        state: Path | None = None,
        agents: AgentSide | None = None,
    ) -> None:
        self.store = Store(state)
        self.faults = Faults()
        self.exchanges: deque[Exchange] = deque(maxlen=_KEPT_REQUESTS)
        self.unlawful: list[str] = []
        """What requests had in them that Twilio's documents do not allow."""
        self.lock = threading.RLock()
        self.switchboard = Switchboard(self.store, self.lock, agents or AgentSide())
        self.texts = TextMessages(self.store, self.lock, self.switchboard.disturbances)
        self.picks_up_after: float | None = None
        """Seconds until people who are called to type a code do so by themselves; None: they never do."""
        kept = self.store.find(ACCOUNTS, sid=account_sid)
        if kept:
            kept["auth_token"] = auth_token
        else:
            accounts.make_account(self.store, name="Double", sid=account_sid, token=auth_token)

    def take(self, request: Request) -> tuple[Answer | None, Fault | None]:
        """Return the answer, or None to close the connection without one, and the fault if any."""
        with self.lock:
            fault = self.faults.take(request)
            reply = self._with_fault(request, fault)
            self.exchanges.append(Exchange(request, reply.status if reply else 0))
            return reply, fault

    def _with_fault(self, request: Request, fault: Fault | None) -> Answer | None:
        if fault and fault.kind == "refuse":
            return fault.refusal().answer()
        if fault and fault.kind == "drop":
            return None
        reply = self.answer(request)
        return None if fault else reply

    def answer(self, request: Request) -> Answer:
        """Answer one request, an error included."""
        try:
            reply = self._answer(request)
        except Refusal as refusal:
            return refusal.answer()
        if request.method != "GET":
            self.store.save()
        return reply

    def _answer(self, request: Request) -> Answer:
        caller = identify(self.store, request)
        sound = recordings.sound_asked_for(self.store, caller.account, request)
        if sound:
            return sound
        found = match(request.host, request.method, request.path)
        if found is None:
            self.unlawful.append(f"{request.method} {request.host}{request.path}: no such operation")
            if has_path(request.host, request.path):
                raise Refusal(405, 20004, "Method not allowed")
            raise not_found(request.path)
        if self.picks_up_after is not None:
            caller_ids.pick_up_older(self.store, time.time() - self.picks_up_after)
        operation, ids = found
        self._check(operation, request)
        account = account_asked_for(self.store, caller, operation, ids, request)
        sent = typed(operation, request.form)
        deed = Deed(self.store, operation, request, account, ids, sent)
        if deed.collection == CALLS:
            return answer_calls(self.switchboard, deed)
        if deed.collection == MESSAGES:
            return self.texts.answer(deed)
        return _dispatch(deed)

    def _check(self, operation: Operation, request: Request) -> None:
        for problem in operation.problems(request.query, request.form):
            self.unlawful.append(f"{operation.method} {operation.path}: {problem.field} {problem.why}")
            raise Refusal(400, 20001, f"Invalid parameter: {problem.field} {problem.why}")


def _dispatch(deed: Deed) -> Answer:
    collection = collection_of(deed.operation)
    if collection.startswith(_AVAILABLE):
        return numbers.answer_available(deed)
    if collection in _SPECIAL:
        return _SPECIAL[collection](deed)
    rules = _RULES.get(collection, Rules())
    if collection in _LISTS and deed.operation.rows:
        rows = [shown(deed, rules, row) for row in _LISTS[collection](deed)]
        return Answer(200, page(deed.operation, deed.request, rows))
    return answer(deed, rules)
