"""Whether `make run` needs OpenAI's double, and where it listens."""

from __future__ import annotations

from collections.abc import Mapping

from callsphere.local import environment, ports
from callsphere.local.errors import CannotStart
from callsphere.local.paths import LOCAL

_BESIDE_A_KEY = ("OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET")


def address(settings: Mapping[str, str]) -> str:
    """Return the double's address, on the port it had if that is free; nothing beside a real key.

    The key that was generated is the double's. One that the process was started with, or that somebody wrote
    into the file, is OpenAI's. Nothing either when the process was started with an address. Raises
    CannotStart for a key without its project and secret: the generated ones mean nothing to OpenAI.
    """
    missing = [name for name in _BESIDE_A_KEY if not environment.given(name)]
    if environment.given("OPENAI_API_KEY") and missing:
        raise CannotStart(f"OPENAI_API_KEY is set, so {' and '.join(missing)} is needed too")
    is_real = environment.given("OPENAI_API_KEY") or not settings["OPENAI_API_KEY"].startswith(
        environment.OPENAI_KEY_PREFIX
    )
    if is_real or environment.given("OPENAI_BASE_URL"):
        return ""
    kept = ports.port_of(settings.get("OPENAI_BASE_URL", ""))
    return f"http://{ports.LOOPBACK}:{ports.choose(f'{LOCAL} openai', kept or None)}"
