"""`python -m callsphere.local.doubles.twilio`: run the double until stopped."""

import os
import signal
import sys
import threading
from pathlib import Path

from callsphere.local.doubles.twilio.server import DoubleServer
from callsphere.local.doubles.twilio.twilio import Twilio
from callsphere.local.doubles.twilio.voice.agents import AgentSide
from callsphere.local.ports import port_of

READY = "twilio double ready"
PICKS_UP_AFTER_S = 8.0


def main() -> int:
    """Serve where TWILIO_BASE_URL says, for the account that the settings name.

    OPENAI_BASE_URL says where the agents of calls are, TWILIO_DOUBLE_SPEED how many seconds of calls pass in
    one.
    """
    twilio = Twilio(
        account_sid=os.environ["TWILIO_ACCOUNT_SID"],
        auth_token=os.environ["TWILIO_AUTH_TOKEN"],
        state=Path(os.environ["TWILIO_DOUBLE_STATE"]),
        agents=AgentSide.at(os.environ.get("OPENAI_BASE_URL", ""), os.environ.get("OPENAI_SIP_HOST", "")),
    )
    twilio.switchboard.pace.speed = float(os.environ.get("TWILIO_DOUBLE_SPEED") or 1)
    twilio.picks_up_after = PICKS_UP_AFTER_S
    try:
        server = DoubleServer(twilio, port_of(os.environ["TWILIO_BASE_URL"]))
    except OSError as error:
        print(f"Twilio's double cannot listen: {error.strerror}.", file=sys.stderr)
        return 1
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: threading.Thread(target=server.close).start())
    print(f"{READY}: {server.url}", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
