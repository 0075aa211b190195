"""`manage.py support add EMAIL [--superuser]`: a first login for the admin, without a browser."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit import Actor
from tenants.services.users import add_support


class Command(BaseCommand):
    """Exit codes: 0 done, 2 unusable arguments."""

    help = "Let somebody into the admin. The second factor is set up at the first visit."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="Make an account, or raise one, to CallSphere support.")
        add.add_argument("email", metavar="EMAIL")
        add.add_argument("--superuser", action="store_true", help="May also decide about other staff.")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("manage.py support add")
        try:
            user, password = add_support(
                email=options["email"], actor=actor, is_superuser=options["superuser"]
            )
        except ValidationError as error:
            raise CommandError(f"{options['email']}: {' '.join(error.messages)}", returncode=2) from None
        self.stdout.write(
            f"{user.email} belongs to support now, and sets up a one-time code at the first visit."
        )
        self.stdout.write(f"Password  {password}" if password else "The account existed: its password stays.")
