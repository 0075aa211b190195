"""`manage.py sip …`: the SIP tools, which need no database and do not wait for Django to start."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured

from callsphere import env
from callsphere.sip.check.console import silence
from callsphere.sip.check_cli import add_check_arguments, run_check
from callsphere.sip.parse_cli import add_parse_arguments, run_parse
from callsphere.sip.ping_cli import EXIT_UNUSABLE, Surroundings, add_ping_arguments, run_ping
from callsphere.sip.register_cli import add_register_arguments, run_register

HELP = "SIP tools: check trunks, ping peers, register, read messages."
EXIT_READER_GONE = 141
"""What a shell reports of a program that SIGPIPE ended."""
_ENV_FILE = Path(__file__).resolve().parent.parent / ".local" / "env"


class Tool(NamedTuple):
    """One subcommand: its help, what declares its arguments, what runs it and gives the exit code."""

    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Mapping[str, Any], Any, Any], int]


def _surroundings() -> Surroundings:
    return Surroundings(
        nameservers=env.endpoints("SIP_NAMESERVERS"),
        ca_file=env.text("SIP_CA_FILE", "") or None,
        advertised_host=env.text("SIP_ADVERTISED_HOST", "") or None,
        outbound_proxy=env.sip_uri("SIP_OUTBOUND_PROXY"),
    )


def _check(options: Mapping[str, Any], stdout: Any, stderr: Any) -> int:
    return run_check(options, stdout, stderr, _surroundings())


def _ping(options: Mapping[str, Any], stdout: Any, stderr: Any) -> int:
    return run_ping(options, stdout, stderr, _surroundings())


def _register(options: Mapping[str, Any], stdout: Any, stderr: Any) -> int:
    return run_register(options, stdout, stderr, _surroundings())


def _parse(options: Mapping[str, Any], stdout: Any, stderr: Any) -> int:
    return run_parse(options, stdout)


TOOLS = {
    "check": Tool("walk a trunk from name to hang-up and say where it breaks", add_check_arguments, _check),
    "ping": Tool("send OPTIONS to peers and say who answers", add_ping_arguments, _ping),
    "register": Tool("register, refresh and remove one binding", add_register_arguments, _register),
    "parse": Tool("read one SIP message and show what it holds", add_parse_arguments, _parse),
}


def declare(parser: ArgumentParser) -> None:
    """Declare one subcommand for each tool; `tool` is its name among the options."""
    subparsers = parser.add_subparsers(dest="tool", metavar="|".join(TOOLS), required=True)
    for name, tool in TOOLS.items():
        tool.add_arguments(subparsers.add_parser(name, help=tool.help, description=tool.help))


def main(arguments: Sequence[str]) -> int:
    """Run the tool that the arguments name; give the exit code."""
    parser = ArgumentParser(prog="manage.py sip", description=HELP)
    declare(parser)
    options = vars(parser.parse_args(arguments))
    try:
        env.load_file(_ENV_FILE)
        code = TOOLS[options["tool"]].run(options, sys.stdout, sys.stderr)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # read by `head`, which has seen enough
        silence(sys.stdout)
        return EXIT_READER_GONE
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_UNUSABLE
