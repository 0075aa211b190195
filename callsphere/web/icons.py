"""Which icons the sprite holds. `assets/icons.json` lists them for the build and for us."""

import json
from pathlib import Path

_LIST = json.loads((Path(__file__).parent / "assets" / "icons.json").read_text())
NAMES: frozenset[str] = frozenset(_LIST["lucide"]) | frozenset(_LIST["own"])


def check(name: str) -> None:
    """Raise ValueError for an icon that the sprite does not hold."""
    if name not in NAMES:
        raise ValueError(f"no icon {name!r}: add it to callsphere/web/assets/icons.json")
