#!/usr/bin/env python
"""Django's command line for CallSphere."""

import os
import sys

# The application's login may not change tables; these commands connect as the owner instead.
OWNER_COMMANDS = {"migrate", "sqlmigrate", "flush", "inspectdb"}
# These ask no database and read no secret: they also run where nothing is set up yet.
STANDALONE_COMMANDS = {"sip"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    if len(sys.argv) > 1 and sys.argv[1] in STANDALONE_COMMANDS:
        os.environ.setdefault("CALLSPHERE_STANDALONE", "1")
    from django.core.management import execute_from_command_line  # the settings must know the role first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
