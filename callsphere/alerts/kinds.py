"""The kinds of incidents that there are. Apps that open incidents add theirs in `AppConfig.ready`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """A kind of incident: `code` is stable and meant for programs, `label` is what people read."""

    code: str
    label: str


_kinds: dict[str, IncidentKind] = {}


def add_kind(kind: IncidentKind) -> IncidentKind:
    """Make a kind known, so that incidents of it can be opened and lists narrowed to it."""
    _kinds[kind.code] = kind
    return kind


def check_kind(code: str) -> None:
    """Raise ValueError for a kind that no app has added."""
    if code not in _kinds:
        raise ValueError(f"no incidents of the kind {code!r}; known: {', '.join(sorted(_kinds)) or 'none'}")


def kind_label(code: str) -> str:
    """Return a kind's words; those of one that is no longer known are made of its code."""
    kind = _kinds.get(code)
    return kind.label if kind else code.replace("_", " ").capitalize()


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds that lists can be narrowed to, by their words."""
    return sorted(((kind.code, kind.label) for kind in _kinds.values()), key=lambda pair: pair[1])
