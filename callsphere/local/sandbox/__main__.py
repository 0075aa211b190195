"""`python -m callsphere.local.sandbox`: run the sandbox carriers until stopped."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from callsphere.local.paths import LOCAL
from callsphere.local.sandbox.certificates import server_contexts, today
from callsphere.local.sandbox.server import listen


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m callsphere.local.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("SANDBOX_PORT", "15060")))
    parser.add_argument("--folder", type=Path, default=LOCAL / "sandbox", help="where certificates are kept")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.folder))
    except OSError as error:
        print(
            f"The sandbox carriers cannot listen: {error.strerror}. Set SANDBOX_PORT to another first port.",
            file=sys.stderr,
        )
        return 1
    return 0


async def _serve(port: int, folder: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    for line in await listen(port, server_contexts(folder, today())):
        print(f"sandbox carrier {line}", flush=True)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
