"""The log of calls: which ones, the newest first, page by page. Call these inside the tenant's context.

A call's key begins with the moment at which it began (`callsphere.lib.ids`). So the key alone is the order, a
period is a range of keys, and a page is found by a key: the thousandth costs what the first does.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Prefetch, Q, QuerySet

from agents.models import Agent, AgentVersion
from callsphere.calls import lookups as lookups  # `begins_with`
from callsphere.calls.enums import CallOutcome, CallState, Direction
from callsphere.calls.models import Call, RealtimeSession
from callsphere.calls.models.calls import NEWEST
from callsphere.lib.ids import first_uuid_of
from tenants.models import Tenant
from trunks.models import PhoneNumber, Trunk

PAGE_SIZE = 50
_BEFORE, _AFTER = b"b", b"a"
_CLASS = re.compile(r"([1-6])xx", re.IGNORECASE)
_CODE = re.compile(r"[1-6][0-9]{2}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEPARATORS = re.compile(r"[\s().\-/]")


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls; what is None or empty narrows nothing.

    `started_from` counts, `started_before` does not; both are aware. `their_number` is how the other party's
    number begins: digits with or without the plus of E.164, or a SIP address. `sip_codes` comes from
    `read_sip_codes`. `shortest_s` and `longest_s` are of the seconds talked, both counting. `live` leaves out
    what is over.
    """

    started_from: datetime | None = None
    started_before: datetime | None = None
    phone_number_id: uuid.UUID | None = None
    their_number: str = ""
    agent_id: uuid.UUID | None = None
    trunk_id: uuid.UUID | None = None
    direction: Direction | str = ""
    outcome: CallOutcome | str = ""
    sip_codes: range | None = None
    shortest_s: int | None = None
    longest_s: int | None = None
    live: bool = False


ALL = CallFilter()


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls, the newest first, and the cursors of the pages beside; an empty one leads nowhere."""

    calls: list[Call] = field(default_factory=list)
    previous: str = ""
    next: str = ""


def read_sip_codes(text: str) -> range:
    """Return the codes that `486` or `4xx` means. Raises ValueError, with a sentence for people."""
    text = text.strip()
    if match := _CLASS.fullmatch(text):
        first = int(match[1]) * 100
        return range(first, first + 100)
    if _CODE.fullmatch(text):
        return range(int(text), int(text) + 1)
    raise ValueError("Write a SIP code such as 486, or a class such as 4xx.")


def calls_of(tenant: Tenant, which: CallFilter = ALL) -> QuerySet[Call]:
    """Return a tenant's calls, the newest first, with the names of agent, number and trunk at hand."""
    return _with_names(select_calls(tenant, which))


def with_costs(rows: QuerySet[Call]) -> QuerySet[Call]:
    """Read what each call cost at OpenAI, too. One query more."""
    sessions = RealtimeSession.objects.only("id", "tenant_id", "call_id", "usage", "cost")
    return rows.prefetch_related(Prefetch("sessions", sessions))


def live_calls_of(tenant: Tenant) -> QuerySet[Call]:
    """Return the calls that go on, the newest first."""
    return calls_of(tenant, CallFilter(live=True))


def select_calls(tenant: Tenant, which: CallFilter = ALL) -> QuerySet[Call]:
    """Return the rows alone, the newest first."""
    return narrow(Call.objects.filter(tenant=tenant).order_by(NEWEST), which)


def narrow(rows: QuerySet[Call], which: CallFilter) -> QuerySet[Call]:
    """Leave those of the calls that a filter is about."""
    rows = rows.filter(**_same(which), **_between(which))
    if which.their_number:
        rows = rows.filter(their_number__begins_with=beginning_of(which.their_number))
    if which.live:
        rows = rows.filter(~Q(state=CallState.ENDED))  # as the condition of the index `call_live` has it
    return rows


def page_of(calls: QuerySet[Call], cursor: str = "", size: int = PAGE_SIZE) -> CallPage:
    """Return one page of `calls_of`.

    `cursor` comes from a page's `previous` or `next`; one that cannot be read means the first page.
    """
    side, key = read_cursor(cursor) or (_AFTER, None)
    if key is not None:
        calls = calls.filter(id__lt=key) if side == _AFTER else calls.filter(id__gt=key).reverse()
    rows = list(calls[: size + 1])
    has_more, rows = len(rows) > size, rows[:size]
    if side == _BEFORE:
        rows.reverse()
    if not rows:
        return CallPage()
    has_previous = has_more if side == _BEFORE else key is not None
    has_next = side == _BEFORE or has_more
    return CallPage(
        rows,
        previous=_cursor(_BEFORE, rows[0].pk) if has_previous else "",
        next=_cursor(_AFTER, rows[-1].pk) if has_next else "",
    )


def _same(which: CallFilter) -> dict[str, object]:
    wanted: dict[str, object] = {
        "phone_number": which.phone_number_id,
        "agent": which.agent_id,
        "trunk": which.trunk_id,
        "direction": which.direction or None,
        "outcome": which.outcome or None,
    }
    if which.sip_codes is not None and len(which.sip_codes) == 1:
        wanted["sip_code"] = which.sip_codes.start
    return {name: value for name, value in wanted.items() if value is not None}


def _between(which: CallFilter) -> dict[str, object]:
    wanted: dict[str, object] = {
        "id__gte": which.started_from and _first_key(which.started_from),
        "id__lt": which.started_before and _first_key(which.started_before),
        "talked_s__gte": which.shortest_s,
        "talked_s__lte": which.longest_s,
    }
    if which.sip_codes is not None and len(which.sip_codes) > 1:
        wanted |= {"sip_code__gte": which.sip_codes.start, "sip_code__lt": which.sip_codes.stop}
    return {name: value for name, value in wanted.items() if value is not None}


def _first_key(moment: datetime) -> uuid.UUID:
    return first_uuid_of(max(moment, _EPOCH))  # keys count from there


def beginning_of(text: str) -> str:
    """Return how a number is stored that somebody began to write: numbers are E.164, the rest is as it is."""
    digits = _SEPARATORS.sub("", text)
    if digits.removeprefix("+").isdecimal() and digits.isascii():
        return "+" + digits.removeprefix("+")
    return text.strip()


def _with_names(rows: QuerySet[Call]) -> QuerySet[Call]:
    """Read names apart from the calls: a join is one more thing that a plan can get wrong."""
    return rows.prefetch_related(
        Prefetch("agent", Agent.objects.only("id", "tenant_id", "name", "deleted_at")),
        Prefetch("version", AgentVersion.objects.only("id", "tenant_id", "number", "agent_id")),
        Prefetch("phone_number", PhoneNumber.objects.only("id", "tenant_id", "number")),
        Prefetch("trunk", Trunk.objects.only("id", "tenant_id", "name")),
    )


def _cursor(side: bytes, key: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(side + key.bytes).decode().rstrip("=")


def read_cursor(text: str) -> tuple[bytes, uuid.UUID] | None:
    """Return on which side of which key a cursor's page lies; None when it cannot be read."""
    try:
        place = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(place) != 17 or place[:1] not in (_BEFORE, _AFTER):
        return None
    return place[:1], uuid.UUID(bytes=place[1:])
