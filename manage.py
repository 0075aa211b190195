#!/usr/bin/env python
"""Django's command line for CallSphere."""

import os
import sys

# The application's login may not change tables; these commands connect as the owner instead.
OWNER_COMMANDS = {"migrate", "sqlmigrate", "flush", "inspectdb"}


def main() -> None:
    if sys.argv[1:2] == ["sip"]:
        # Asks no database and reads no secret, so it also runs where nothing is set up, and starts at once.
        from callsphere.sip_command import main as sip

        sys.exit(sip(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    from django.core.management import execute_from_command_line  # the settings must know the role first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
