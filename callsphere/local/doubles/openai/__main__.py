"""Run the double until a signal comes: `python -m callsphere.local.doubles.openai`.

It reads the product's own variables: OPENAI_BASE_URL (where to listen), OPENAI_API_KEY, OPENAI_PROJECT_ID and
OPENAI_WEBHOOK_SECRET. OPENAI_DOUBLE_WEBHOOK_URL is where its events go, OPENAI_DOUBLE_PACE how fast people
speak: 1 as people do, 0 at once.
"""

import os
import signal
import sys
import threading

from callsphere.local.doubles.openai.calls import Ways
from callsphere.local.doubles.openai.server import Double
from callsphere.local.ports import port_of

READY = "openai double ready"


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    asked_to_stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _number, _frame: asked_to_stop.set())
    double = Double(
        key=os.environ["OPENAI_API_KEY"],
        project=os.environ["OPENAI_PROJECT_ID"],
        webhook_secret=os.environ["OPENAI_WEBHOOK_SECRET"],
        webhook_url=os.environ.get("OPENAI_DOUBLE_WEBHOOK_URL", ""),
        port=port_of(os.environ["OPENAI_BASE_URL"]),
        ways=Ways(pace=float(os.environ.get("OPENAI_DOUBLE_PACE", "1"))),
    )
    try:
        double.start()
    except OSError as error:
        print(f"OpenAI's double cannot listen: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"{READY}: {double.url}", flush=True)
    asked_to_stop.wait()
    double.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
