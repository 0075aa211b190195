"""The examples and figures on the landing page."""

from typing import Any


def context() -> dict[str, Any]:
    """Return what the landing page shows."""
    return {}
