"""Making things at Twilio once, although answers get lost and no request can carry an idempotency key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, TypeVar

from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.lists import EVERYTHING

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
W = TypeVar("W")
F = TypeVar("F")


def find_or_create(find: Callable[[], T | None], create: Callable[[], T]) -> T:
    """Return what `find` finds; else create it, and look again when nobody knows whether that succeeded.

    Raises the TwilioError of `create` when it is not there afterwards. With `outcome_unknown` it may still
    appear: look again later, before another attempt.
    """
    found = find()
    if found is not None:
        return found
    try:
        return create()
    except TwilioError as error:
        if not (error.outcome_unknown or error.is_conflict):
            raise
        created = _look_again(find, error)
        if created is None:
            raise
        return created


def _look_again(find: Callable[[], T | None], error: TwilioError) -> T | None:
    """The first error tells more than that of a look which failed too."""
    try:
        return find()
    except TwilioError:
        raise error from None


def remove(delete: Callable[[], object]) -> None:
    """Delete; what is gone already counts as done."""
    try:
        delete()
    except TwilioError as error:
        if not error.is_missing:
            raise


def assign(create: Callable[[], object]) -> None:
    """Connect two things; a connection that is there already counts as done."""
    try:
        create()
    except TwilioError as error:
        if not error.is_conflict:
            raise


def make_equal(
    wanted: Mapping[K, W],
    found: Mapping[K, F],
    *,
    add: Callable[[W], object],
    remove: Callable[[F], object],
    change: Callable[[F, W], object] | None = None,
) -> None:
    """Make entries equal to those wanted: add first and remove last, so that nobody is shut out meanwhile."""
    for key, entry in wanted.items():
        if key not in found:
            add(entry)
        elif change is not None:
            change(found[key], entry)
    for key, there in found.items():
        if key not in wanted:
            remove(there)


def to_create(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that a new resource is made with: nothing is sent for what is to be empty."""
    return {name: value for name, value in fields.items() if value != "" and _has_place(name, fields)}


def to_change(wanted: Mapping[str, object], there: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that make a resource as wanted: those that differ, where an empty text takes away.

    Methods go along with their addresses, since somebody may have changed them too.
    """
    return {
        name: value
        for name, value in wanted.items()
        if value != there[name] or (name.endswith(_METHOD) and _has_place(name, wanted))
    }


def asked_by_post(url: str | None, method: str | None) -> str:
    """Return an address as Twilio has it, in front of it the method if somebody chose another than POST."""
    if not url or method in (None, "", "POST"):
        return url or ""
    return f"{method} {url}"


_METHOD = "_method"


def _has_place(name: str, fields: Mapping[str, object]) -> bool:
    """Whether the field is anything but the method of an address that is empty."""
    return not name.endswith(_METHOD) or fields.get(f"{name.removesuffix(_METHOD)}_url") != ""


def sids_of(rows: Any) -> frozenset[str]:
    """Return the ids of all that a list of the SDK's holds."""
    return frozenset(row.sid for row in rows.list(page_size=EVERYTHING))


def ensure_assigned(rows: Any, field: str, wanted: Collection[str]) -> None:
    """Have a list of the SDK's hold exactly what has these ids; `field` is what a new entry is given by."""
    make_equal(
        {sid: sid for sid in wanted},
        {sid: sid for sid in sids_of(rows)},
        add=lambda sid: assign(lambda: rows.create(**{field: sid})),
        remove=lambda sid: remove(rows(sid).delete),
    )
