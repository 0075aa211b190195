"""`manage.py ring +14155550101`: call a number through Twilio's stand-in, and print what the caller hears."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callsphere.local.ringing import SOMEBODY, CannotRing, ring_number


class Command(BaseCommand):
    """Plays somebody who dials a number and hears what is said."""

    help = "Call a number or SIP address through Twilio's stand-in, and print what the caller hears."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", help="a number such as +14155550101, or sip:user@domain")
        parser.add_argument(
            "--from", dest="caller", default=SOMEBODY, help=f"the caller's number ({SOMEBODY})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rung = ring_number(options["to"], options["caller"])
        except CannotRing as error:
            raise CommandError(str(error)) from None
        if not rung.said:
            raise CommandError(f"Nobody said anything: the answer was {rung.status} {rung.twiml}".strip())
        for sentence in rung.said:
            self.stdout.write(f"“{sentence}”")
