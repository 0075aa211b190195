"""`sip` for Django's own command line; `manage.py` runs the tools without it, which starts faster."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callsphere.sip_command import HELP, TOOLS, declare


class Command(BaseCommand):
    """Dispatches to the tools of `callsphere.sip`."""

    help = HELP
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare one subcommand per tool."""
        declare(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the tool and exit with its code."""
        # Written to the streams themselves: Django's wrapper would add line ends and colours.
        sys.exit(TOOLS[options["tool"]].run(options, self.stdout._out, self.stderr._out))
