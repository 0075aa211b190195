"""What the agent is told about one contact: the campaign's brief with what is known of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from callsphere.outbound.models.orders import LONGEST_BRIEF

_PLACEHOLDER = re.compile(r"\{([^{}\n]{1,64})\}")
NAME = "name"


def placeholders(template: str) -> set[str]:
    """Return the names in braces, in lower case."""
    return {_key(match) for match in _PLACEHOLDER.finditer(template)}


def fill_in(template: str, name: str, columns: Mapping[str, str]) -> str:
    """Return the template with the contact's values, as much of it as a brief may have.

    What is not known of this contact is left out. Values are put in as they are: a brace in one is a brace.
    """
    known = {**columns, NAME: name}
    return _PLACEHOLDER.sub(lambda match: known.get(_key(match), ""), template).strip()[:LONGEST_BRIEF]


def _key(match: re.Match[str]) -> str:
    return match[1].strip().lower()
