"""Run the stand-in until a signal comes: `python -m callsphere.local.doubles.stripe`.

It reads the product's own variables, STRIPE_BASE_URL (where to listen), STRIPE_SECRET_KEY and
STRIPE_WEBHOOK_SECRET. STRIPE_DOUBLE_FILE is where it keeps its state, STRIPE_DOUBLE_WEBHOOK_URL where its
events go.
"""

import os
import signal
import threading
from pathlib import Path
from urllib.parse import urlsplit

from callsphere.local.doubles.stripe.server import Double


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    asked_to_stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _number, _frame: asked_to_stop.set())
    file = os.environ.get("STRIPE_DOUBLE_FILE")
    double = Double(
        key=os.environ["STRIPE_SECRET_KEY"],
        port=urlsplit(os.environ["STRIPE_BASE_URL"]).port or 0,
        webhook_url=os.environ.get("STRIPE_DOUBLE_WEBHOOK_URL", ""),
        webhook_secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        file=Path(file) if file else None,
    ).start()
    print(f"The stand-in for Stripe listens on {double.url}", flush=True)
    asked_to_stop.wait()
    double.stop()


if __name__ == "__main__":
    main()
