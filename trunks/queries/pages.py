"""Pages of the list of trunks, found by a place in its order."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list, and the cursors of the stretches before and after it."""

    rows: list[Any]
    previous: str = ""
    next: str = ""


def page_of(trunks: QuerySet[Any, Any], cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """Return one page of `trunks_of`, found by its place in the order, not by counting rows.

    `cursor` comes from a page's `previous` or `next`; one that cannot be read means the first page.
    """
    place = _read_cursor(cursor)
    backwards = bool(place and place[0] == "before")
    if place:
        trunks = trunks.filter(_beyond(*place))
    if backwards:
        trunks = trunks.reverse()
    rows = list(trunks[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    has_previous = has_more if backwards else place is not None
    has_next = True if backwards else has_more
    return Page(
        rows,
        previous=_cursor("before", rows[0]) if has_previous else "",
        next=_cursor("after", rows[-1]) if has_next else "",
    )


def _beyond(side: str, urgency: int, name: str, trunk_id: uuid.UUID) -> Q:
    step = "gt" if side == "after" else "lt"
    return (
        Q(**{f"urgency__{step}": urgency})
        | Q(urgency=urgency, **{f"sort_name__{step}": name})
        | Q(urgency=urgency, sort_name=name, **{f"id__{step}": trunk_id})
    )


def _cursor(side: str, trunk: Any) -> str:
    place = json.dumps([side, trunk.urgency, trunk.sort_name, str(trunk.pk)])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, int, str, uuid.UUID] | None:
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        side, urgency, name, trunk_id = json.loads(base64.urlsafe_b64decode(padded))
        if side in ("before", "after") and isinstance(urgency, int) and isinstance(name, str):
            return side, urgency, name.replace("\0", ""), uuid.UUID(trunk_id)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        pass
    return None
