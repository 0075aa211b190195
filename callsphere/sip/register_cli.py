"""`sip register URI --username U`: registers, refreshes and removes one binding, and shows each attempt."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from callsphere.sip.check.arguments import add_peer_arguments, plan_of, whole_seconds
from callsphere.sip.check.console import Console
from callsphere.sip.check.registration_run import RegistrationRun
from callsphere.sip.check.report import Outcome, Step
from callsphere.sip.check_cli import run_and_tell
from callsphere.sip.ping_cli import EXIT_UNUSABLE, Surroundings, Unusable

EXPIRES_S = 3600
"""The interval that RFC 3261 §10.2.1.1 suggests to registrars that get to choose."""


def add_register_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `sip register`."""
    add_peer_arguments(parser, username_required=True)
    parser.add_argument(
        "--expires",
        metavar="S",
        type=whole_seconds(1),
        default=EXPIRES_S,
        help=f"interval to ask for (default {EXPIRES_S} s)",
    )
    parser.add_argument(
        "--refreshes",
        metavar="N",
        type=whole_seconds(0),
        default=0,
        help="refresh the binding so many times, one after the other (default 0)",
    )
    parser.add_argument("--keep", action="store_true", help="leave the binding instead of removing it")


def run_register(
    options: Mapping[str, Any], stdout: Any, stderr: Any, surroundings: Surroundings | None = None
) -> int:
    """Run the command with parsed options; exit codes as those of `sip check`."""
    try:
        plan = plan_of(options, surroundings or Surroundings())
    except Unusable as problem:
        stderr.write(f"{problem}\n")
        return EXIT_UNUSABLE
    quiet = bool(options.get("json"))
    console = Console(stdout)

    def tell(name: str, outcome: Outcome) -> None:
        detail = work.trace.redactor.text(outcome.detail)
        console.step(Step(name, outcome.result, outcome.cause, detail, 0, outcome.target))

    if not quiet:
        console.line(f"Registration at {plan.redactor().text(plan.uri)}")
    work = RegistrationRun(plan, None if quiet else tell)
    return run_and_tell(work, options, console, stdout, stderr)


def run(args: list[str]) -> int:
    """Run the command from an argument list, printing to standard output."""
    parser = ArgumentParser(prog="sip register", description="Register, refresh and remove one binding.")
    add_register_arguments(parser)
    return run_register(vars(parser.parse_args(args)), sys.stdout, sys.stderr)
