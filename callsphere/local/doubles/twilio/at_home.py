"""Whether `make run` needs Twilio's double, and where it listens."""

from __future__ import annotations

import os
from collections.abc import Mapping

from callsphere.local import environment, ports
from callsphere.local.errors import CannotStart
from callsphere.local.paths import LOCAL
from callsphere.providers.twilio.account import DOUBLE_PREFIX


def address(settings: Mapping[str, str]) -> str:
    """Return the double's address, on the port it had if that is free; nothing beside a real account.

    The account that was generated is the double's. One that the process was started with, or that somebody
    wrote into the file, is Twilio's. Nothing either when the process was started with another double's
    address. Raises CannotStart for an account without its token: the generated one would be sent to Twilio.
    """
    if environment.given("TWILIO_ACCOUNT_SID") and not environment.given("TWILIO_AUTH_TOKEN"):
        raise CannotStart("TWILIO_ACCOUNT_SID is set, so TWILIO_AUTH_TOKEN is needed too")
    account = os.environ.get("TWILIO_ACCOUNT_SID") or settings["TWILIO_ACCOUNT_SID"]
    if not account.startswith(DOUBLE_PREFIX) or environment.given("TWILIO_BASE_URL"):
        return ""
    kept = ports.port_of(settings.get("TWILIO_BASE_URL", ""))
    return f"http://{ports.LOOPBACK}:{ports.choose(f'{LOCAL} twilio', kept or None)}"
