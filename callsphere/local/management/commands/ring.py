"""`manage.py ring +14155550101`: call a number through Twilio's stand-in, and print what the caller hears."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callsphere.local.ringing import SOMEBODY, CannotRing, play_call, watch_call
from callsphere.providers.twilio.double import SCRIPTS


class Command(BaseCommand):
    """Plays somebody who dials a number and goes through the whole call."""

    help = "Call a number or SIP address through Twilio's stand-in, and print what the caller goes through."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", help="a number such as +14155550101, or sip:user@domain")
        parser.add_argument(
            "--from", dest="caller", default=SOMEBODY, help=f"the caller's number ({SOMEBODY})"
        )
        parser.add_argument(
            "--script", default="", choices=("", *SCRIPTS), help="what the caller says to an agent"
        )
        parser.add_argument(
            "--wait", action="store_true", help="stay until the call is over, not only until it is connected"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sid = play_call(options["to"], options["caller"], script=options["script"])
            for event in watch_call(sid):
                line = _line(event)
                if line:
                    self.stdout.write(line)
                if event["kind"] == "connected" and not options["wait"]:
                    return
                if event["kind"] == "call" and event.get("by") and options["wait"]:
                    self.stdout.write(_end(event))
        except CannotRing as error:
            raise CommandError(str(error)) from None


def _line(event: dict[str, Any]) -> str:
    """Return what people are told of an event; nothing of what is no news to a caller."""
    words = _WORDS.get(event["kind"])
    return words(event) if words else ""


def _end(event: dict[str, Any]) -> str:
    by = "us" if event["by"] == "document" else event["by"]  # what we answered came to its end
    return f"The call is over: {event['status']} after {event['seconds']} s, ended by {by}."


def _of_leg(event: dict[str, Any]) -> str:
    code = f" ({event['code']})" if event.get("code") else ""
    return f"  {event['to']}: {event['status']}{code}"


_WORDS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "say": lambda event: f"“{event['text']}”",
    "play": lambda event: f"♪ {event['url']}",
    "beep": lambda _event: "beep",
    "leg": _of_leg,
    "leg hears": lambda event: f"  they hear “{event['text']}”",
    "recorded": lambda event: f"A recording of {event['seconds']} s was made.",
    "trouble": lambda event: f"! {event['why']}",
    "refer": lambda event: f"The agent refers the call to {event['to']}.",
}
