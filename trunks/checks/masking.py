"""Reports for people outside: phone numbers, user names and addresses told no further than they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from trunks.models import ReadinessCheck

_NUMBER = re.compile(r"(?<![\w+])(\+?\d{2})\d{3,11}(\d{2})(?!\w)")
_IPV4 = re.compile(r"\b(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}\b")
_IPV6 = re.compile(r"(?<![\w:])([0-9a-f]{1,4}:[0-9a-f]{0,4}):[0-9a-f:.]*[0-9a-f](?![\w:])", re.I)
_USER = re.compile(r"(sips?:)([^\s:@<>;?]+)(@)", re.I)
_TEL = re.compile(r"(tel:)(\+?[0-9().-]+)", re.I)
_CSEQ = re.compile(r"CSeq[ \t]*:", re.I)
_DOTS = "***"


def mask(text: str, known: Iterable[str] = ()) -> str:
    """Mask a text. `known` are names that are to be masked wherever they stand."""
    for name in known:
        # A short number also is a status, a port or a CSeq: it is masked in addresses alone.
        if len(name.lstrip("+")) > 4:
            text = re.sub(rf"(?<![\w+]){re.escape(name)}(?!\w)", _short(name), text)
    text = _TEL.sub(lambda found: f"{found[1]}{_short(found[2])}", text)
    text = _USER.sub(lambda found: f"{found[1]}{_short(found[2])}{found[3]}", text)
    text = _IPV4.sub(rf"\1.{_DOTS}", text)
    text = _IPV6.sub(rf"\1:{_DOTS}", text)
    lines = text.split("\n")
    return "\n".join(each if _CSEQ.match(each) else _NUMBER.sub(rf"\1{_DOTS}\2", each) for each in lines)


def masked(check: ReadinessCheck) -> ReadinessCheck:
    """Mask a report in memory, to be shown and never to be saved; return it."""
    known = sorted({name for name in (check.call, check.caller) if name}, key=len, reverse=True)
    for name in ("target", "problem"):
        setattr(check, name, mask(getattr(check, name), known))
    check.call, check.caller = (_short(name) if name else "" for name in (check.call, check.caller))
    for name in ("steps", "runs"):
        setattr(check, name, [_masked(each, known) for each in getattr(check, name)])
    check.trace = mask_messages(check.trace, known)
    check.requested_by = ""
    check.reason = ""
    return check


def mask_messages(entries: Iterable[Mapping[str, Any]], known: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return a trace's entries masked. Peers that look the same then are numbered: each has its lifeline."""
    names = list(known)
    alike: dict[str, dict[str, int]] = {}
    told = []
    for entry in entries:
        message = _masked(entry, names)
        numbers = alike.setdefault(message["peer"], {})
        number = numbers.setdefault(entry["peer"], len(numbers) + 1)
        if number > 1:
            message["peer"] += f" ({number})"
        told.append(message)
    return told


def _masked(values: Mapping[str, Any], known: list[str]) -> dict[str, Any]:
    told = {"fix", "who", "name", "result", "cause", "verdict", "gateway_id", "direction", "method"}
    return {
        key: mask(value, known) if isinstance(value, str) and key not in told else value
        for key, value in values.items()
    }


def _short(name: str) -> str:
    """The ends of a name: "+14***23", "a***"."""
    if name.endswith(_DOTS) or _DOTS in name:
        return name
    return f"{name[:3]}{_DOTS}{name[-2:]}" if len(name) > 6 else f"{name[:1]}{_DOTS}"
