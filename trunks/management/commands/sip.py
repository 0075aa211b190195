"""`manage.py sip …`: the SIP tools on the command line. None of them needs a database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from callsphere.sip.check_cli import add_check_arguments, run_check
from callsphere.sip.parse_cli import add_parse_arguments, run_parse
from callsphere.sip.ping_cli import Surroundings, add_ping_arguments, run_ping
from callsphere.sip.register_cli import add_register_arguments, run_register


class Tool(NamedTuple):
    """One subcommand: its help, what declares its arguments, what runs it and gives the exit code."""

    help: str
    add_arguments: Callable[[CommandParser], None]
    run: Callable[[Mapping[str, Any], Any, Any], int]


def _surroundings() -> Surroundings:
    return Surroundings(
        nameservers=settings.SIP_NAMESERVERS or None,
        ca_file=settings.SIP_CA_FILE or None,
        advertised_host=settings.SIP_ADVERTISED_HOST or None,
        outbound_proxy=settings.SIP_OUTBOUND_PROXY,
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


class Command(BaseCommand):
    """Dispatches to the tools of `callsphere.sip`."""

    help = "SIP tools: check trunks, ping peers, register, read messages."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare one subcommand per tool."""
        subparsers = parser.add_subparsers(dest="tool", metavar="|".join(TOOLS), required=True)
        for name, tool in TOOLS.items():
            tool.add_arguments(subparsers.add_parser(name, help=tool.help, description=tool.help))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the tool and exit with its code."""
        # Written to the streams themselves: Django's wrapper would add line ends and colours.
        sys.exit(TOOLS[options["tool"]].run(options, self.stdout._out, self.stderr._out))
