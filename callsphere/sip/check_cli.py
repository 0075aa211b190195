"""`sip check URI`: walks a trunk from name to hang-up, and says where it breaks and whose side that is on."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from callsphere.sip.check.arguments import (
    RING_TIMEOUT_S,
    add_peer_arguments,
    called_number,
    number,
    plan_of,
    wait_seconds,
    whole_seconds,
)
from callsphere.sip.check.console import Console
from callsphere.sip.check.registration_run import RegistrationReport, RegistrationRun
from callsphere.sip.check.report import CheckReport
from callsphere.sip.check.runner import Check
from callsphere.sip.ping_cli import EXIT_UNUSABLE, Surroundings, Unusable
from callsphere.sip.session_timer import MIN_SE
from callsphere.sip.transport.shortage import OurShortage

EXIT_USABLE = 0
EXIT_BROKEN = 1
EXIT_INTERRUPTED = 130

_Value = TypeVar("_Value")


def add_check_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `sip check`."""
    add_peer_arguments(parser)
    parser.add_argument("--register", action="store_true", help="also register, and remove the binding again")
    parser.add_argument(
        "--call", metavar="NUMBER", type=called_number, help="call this number and hang up again"
    )
    parser.add_argument(
        "--from", dest="from_number", metavar="NUMBER", type=number, help="number to call from"
    )
    parser.add_argument(
        "--session-expires",
        metavar="S",
        type=whole_seconds(MIN_SE),
        default=MIN_SE,
        help=f"session interval to ask for (default {MIN_SE} s)",
    )
    parser.add_argument(
        "--ring-timeout",
        metavar="S",
        type=wait_seconds,
        help="longest wait after a provisional answer "
        f"(default {RING_TIMEOUT_S:g} s, or --timeout where only that is given)",
    )


def run_check(
    options: Mapping[str, Any], stdout: Any, stderr: Any, surroundings: Surroundings | None = None
) -> int:
    """Run the command with parsed options.

    The exit code is 0 for a verdict of pass or warn, 1 for fail, 2 for unusable arguments or a
    machine without a network, 130 when interrupted: the call is hung up then too.
    """
    try:
        plan = plan_of(options, surroundings or Surroundings())
    except Unusable as problem:
        stderr.write(f"{problem}\n")
        return EXIT_UNUSABLE
    quiet = bool(options.get("json"))
    console = Console(stdout)
    if not quiet:
        console.line(f"Readiness check of {plan.redactor().text(plan.uri)}")
    check = Check(plan, None if quiet else console.step)
    return run_and_tell(check, options, console, stdout, stderr)


def run_and_tell(
    work: Check | RegistrationRun, options: Mapping[str, Any], console: Console, stdout: Any, stderr: Any
) -> int:
    """Run work to its end, and print what it found out, as JSON or in words; return the exit code."""
    running: Coroutine[Any, Any, CheckReport | RegistrationReport] = work.run()
    try:
        report = run_to_the_end(running)
    except KeyboardInterrupt:
        stderr.write("Interrupted. What the check had begun was ended, as far as the carrier answered.\n")
        return EXIT_INTERRUPTED
    except OurShortage as lack:
        stderr.write(f"Nothing was found out about the carrier, for this machine lacks something. {lack}\n")
        return EXIT_UNUSABLE
    if options.get("json"):
        stdout.write(json.dumps(report.as_json()) + "\n")
    else:
        console.verdict(report.verdict, report.duration_ms)
        if options.get("trace"):
            console.ladder(work.trace)
    return EXIT_BROKEN if report.verdict == "fail" else EXIT_USABLE


def run_to_the_end(work: Coroutine[Any, Any, _Value]) -> _Value:
    """Run in a loop of its own; SIGINT and SIGTERM cancel it, which hangs up first.

    Raises KeyboardInterrupt when it was cancelled.
    """

    async def run() -> _Value:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, task.cancel)
        except (ValueError, RuntimeError, NotImplementedError):
            pass  # not in the main thread: whoever runs us has the signals
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    return asyncio.run(run())


def run(args: list[str]) -> int:
    """Run the command from an argument list, printing to standard output."""
    parser = ArgumentParser(prog="sip check", description="Walk a trunk from name to hang-up.")
    add_check_arguments(parser)
    return run_check(vars(parser.parse_args(args)), sys.stdout, sys.stderr)
