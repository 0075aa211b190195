"""The report of a stored check beside what `sip check` prints of the same carrier."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.management import call_command

from callsphere.web.ladder import ladder_of
from tests.conftest import Person
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving
from tests.trunks.checks.running import report_of
from tests.trunks.conftest import make_trunk
from trunks.checks.reports import as_json, as_text

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14155550123"


class Strict(Carrier):
    """Takes calls, and refuses to hold them."""

    def reinvite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "488 Not Acceptable Here")


def printed(uri: str, *options: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("sip", "check", uri, "--call", NUMBER, "--allow-private", *options, stdout=out)
    return out.getvalue()


def untimed(text: str) -> list[str]:
    """Lines without their times."""
    return [re.sub(r" +\d+ ms|after \d+\.\d s", " …", line) for line in text.splitlines()]


def test_the_text_is_what_trace_prints_and_the_page_draws_the_same(alice: Person) -> None:
    with serving(Strict()) as uri:
        command = printed(uri, "--trace")
        check = report_of(alice, make_trunk(alice, "Main", uri), call=NUMBER)
    assert untimed(as_text(check)) == untimed(command)
    drawn = [
        (rung.direction, rung.label)
        for rung in ladder_of(check.trace).rungs
        for _time in range(1 + len(rung.repeats))
    ]
    lines = re.findall(r"ms  (-->|<--)  (.*?)  ", command)
    assert drawn == [("sent" if arrow == "-->" else "received", what) for arrow, what in lines]


def test_the_json_has_the_same_keys_steps_and_messages(alice: Person) -> None:
    with serving(Strict()) as uri:
        command = json.loads(printed(uri, "--json"))
        check = report_of(alice, make_trunk(alice, "Main", uri), call=NUMBER)
    stored = as_json(check)
    assert list(stored) == list(command)
    for name in ("verdict", "cause", "target"):
        assert stored[name] == command[name]
    assert [{**step, "ms": 0} for step in stored["steps"]] == [{**step, "ms": 0} for step in command["steps"]]
    told = [
        [(each["direction"], each["summary"]) for each in report["trace"]] for report in (stored, command)
    ]
    assert told[0] == told[1]
