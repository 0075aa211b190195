"""`python -m callsphere.local.sandbox`: run the sandbox carriers until stopped."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from callsphere.local import environment
from callsphere.local.paths import LOCAL
from callsphere.local.sandbox.carriers import FIRST_PORT
from callsphere.local.sandbox.certificates import server_contexts, today
from callsphere.local.sandbox.listing import commands, tables
from callsphere.local.sandbox.server import listen

READY = "sandbox ready"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m callsphere.local.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=_port(), help="first port (default: as `make run` chose)")
    parser.add_argument("--folder", type=Path, default=LOCAL / "sandbox", help="where certificates are kept")
    parser.add_argument("--list", action="store_true", help="print every command to try, and run nothing")
    parser.add_argument("--tables", action="store_true", help="print the tables of docs/sandbox.md")
    options = parser.parse_args()
    if options.list or options.tables:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as `| head` expects
        print("\n".join(commands(options.port) if options.list else tables(options.port)))
        return 0
    try:
        asyncio.run(_serve(options.port, options.folder))
    except OSError as error:
        print(
            f"The sandbox carriers cannot listen: {error.strerror}. Set SANDBOX_PORT to another first port.",
            file=sys.stderr,
        )
        return 1
    return 0


def _port() -> int:
    kept = os.environ.get("SANDBOX_PORT") or environment.read(environment.env_file(LOCAL)).get("SANDBOX_PORT")
    return int(kept or FIRST_PORT)


async def _serve(port: int, folder: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    opened = await listen(port, server_contexts(folder, today()))
    for one in opened:
        print(f"sandbox {one.words}", flush=True)
    print(READY, flush=True)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
