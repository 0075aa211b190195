"""Keys that a caller presses, as they are kept: three digits in a row may be a choice, more a secret."""

from __future__ import annotations

MOST_SHOWN = 3
"""Digits in a row that are kept; of more (PINs, card numbers) only how many there were."""
LONGEST_RUN = 64
"""Keys of one run."""
KEYS = frozenset("0123456789*#ABCD")
_HIDDEN = "•"


def shown_keys(keys: str) -> str:
    """Return keys that were pressed one after another, with digits hidden where there are more than a few.

    `*` and `#` between digits do not part them: who types a number may end or correct it.
    """
    if sum(key.isdigit() for key in keys) > MOST_SHOWN:
        return "".join(_HIDDEN if key.isdigit() else key for key in keys)
    return keys
