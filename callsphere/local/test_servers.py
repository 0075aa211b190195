"""Runs a command with PostgreSQL and Valkey for tests: `python -m callsphere.local.test_servers -- CMD`.

The servers are fast and forgetful; the command gets their addresses as environment variables. Several may run
at once in one checkout: each takes a free slot with data of its own, and the next one in it starts from that.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from callsphere.local import environment
from callsphere.local.errors import CannotStart
from callsphere.local.locks import Held, hold
from callsphere.local.paths import LOCAL, ROOT, make_folder
from callsphere.local.processes import die_with_parent
from callsphere.local.servers import Servers

_SLOTS = 16
# No sandbox carriers run, so there is no certificate authority of theirs either.
_FOR_TESTS = {
    "SANDBOX": "false",
    "SIP_CA_FILE": "",
    "STATIC_MANIFEST": "false",
    **dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_BASE_URL"), ""),
    **dict.fromkeys(("OPENAI_API_KEY", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET", "OPENAI_BASE_URL"), ""),
    **dict.fromkeys(("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_BASE_URL"), ""),
}


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    command = list(arguments[1:] if arguments[:1] == ["--"] else arguments)
    if not command:
        print("Usage: python -m callsphere.local.test_servers -- COMMAND [ARGUMENT ...]", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    make_folder(LOCAL, 0o755)
    try:
        with _slot() as number, Servers(LOCAL, prefix=f"test-{number}-", throwaway=True) as servers:
            return _run(command, servers, LOCAL / f"test-{number}-files")
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


@contextlib.contextmanager
def _slot() -> Iterator[int]:
    """Hold the first free slot."""
    for number in range(1, _SLOTS + 1):
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold(LOCAL / f"test-{number}.lock", f"process {os.getpid()}"))
            except Held:
                continue
            yield number
            return
    raise CannotStart(f"{_SLOTS} test runs are going on in this folder already")


def _run(command: Sequence[str], servers: Servers, files: Path) -> int:
    values = {**environment.secret_values(), **environment.place_values(files), **_FOR_TESTS}
    urls = servers.start(values)
    # The addresses are these servers', whatever the shell says: tests empty tables.
    env = {**environment.merged(values), **urls}
    for name in urls:
        env.pop(f"{name}_FILE", None)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  # there are no threads
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        # A terminal has told the command too; let it clean up before its servers go.
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
