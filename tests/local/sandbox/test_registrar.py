"""Registrations at a sandbox carrier (RFC 3261 §10.3)."""

from __future__ import annotations

import pytest

from callsphere.local.sandbox.behaviour import Behaviour, Registry
from callsphere.local.sandbox.registrar import MAX_BINDINGS
from tests.local.sandbox.caller import Caller


def register(caller: Caller, *contacts: str, expires: str = "", at: float | None = None) -> str:
    """Register; give the answer's first line."""
    extra = "".join(f"Contact: {contact}\r\n" for contact in contacts) or "X-Contact: none\r\n"
    if expires:
        extra += f"Expires: {expires}\r\n"
    (line,) = caller.ask("REGISTER", extra, at=at)
    return line


def bindings(caller: Caller) -> list[str]:
    """The Contacts that the last answer lists."""
    return caller.last.headers.get_all("contact")


def test_a_binding_is_made_refreshed_listed_and_removed() -> None:
    caller = Caller()
    assert register(caller, "<sip:a@127.0.0.1:4000>", expires="300") == "200 OK"
    assert bindings(caller) == ["<sip:a@127.0.0.1:4000>;expires=300"]
    assert register(caller, at=100.0) == "200 OK"
    assert bindings(caller) == ["<sip:a@127.0.0.1:4000>;expires=200"]
    assert register(caller, '"Desk" <sip:b@127.0.0.1>;q=0.5;expires=600') == "200 OK"
    assert bindings(caller) == [
        "<sip:a@127.0.0.1:4000>;expires=200",
        '"Desk" <sip:b@127.0.0.1>;q=0.5;expires=600',
    ]
    assert register(caller, "<sip:a@127.0.0.1:4000>;expires=0") == "200 OK"
    assert bindings(caller) == ['"Desk" <sip:b@127.0.0.1>;q=0.5;expires=600']
    assert register(caller, "*", expires="0") == "200 OK"
    assert bindings(caller) == []
    assert len(caller.switch.registrar) == 0


def test_intervals_are_what_was_asked_within_bounds() -> None:
    caller = Caller()
    register(caller, "<sip:a@127.0.0.1>")
    register(caller, "<sip:b@127.0.0.1>", expires="86400")
    register(caller, "<sip:c@127.0.0.1>;expires=90", expires="600")
    assert [contact.rpartition("=")[2] for contact in bindings(caller)] == ["3600", "7200", "90"]


def test_a_short_interval_is_too_brief() -> None:
    caller = Caller(Behaviour(registry=Registry(shortest_s=1800)))
    assert register(caller, "<sip:a@127.0.0.1>", expires="1799") == "423 Interval Too Brief"
    assert caller.last.headers.get("min-expires") == "1800"
    assert register(caller, "<sip:a@127.0.0.1>", expires="1800") == "200 OK"


def test_bindings_end_by_themselves() -> None:
    caller = Caller()
    register(caller, "<sip:a@127.0.0.1>", expires="60")
    assert len(caller.switch.registrar) == 1
    caller.wait(121.0)
    assert len(caller.switch) == 0
    assert caller.switch.next_timer() is None


def test_another_user_has_other_bindings() -> None:
    caller = Caller()
    register(caller, "<sip:a@127.0.0.1>")
    caller.say(caller.text("REGISTER", "Contact: <sip:b@127.0.0.1>\r\n", user="200"))
    assert bindings(caller) == ["<sip:b@127.0.0.1>;expires=3600"]


@pytest.mark.parametrize(
    ("contacts", "expires", "answer"),
    [
        (["*"], "60", "400 Bad Request"),
        (["*", "<sip:a@127.0.0.1>"], "0", "400 Bad Request"),
        (["<sip:a@127.0.0.1"], "60", "400 Bad Request"),
        (
            [f"<sip:{number}@127.0.0.1>" for number in range(MAX_BINDINGS + 1)],
            "60",
            "503 Service Unavailable",
        ),
    ],
)
def test_what_cannot_be_registered_changes_nothing(contacts: list[str], expires: str, answer: str) -> None:
    caller = Caller()
    register(caller, "<sip:kept@127.0.0.1>", expires="300")
    assert register(caller, *contacts, expires=expires) == answer
    register(caller)
    assert bindings(caller) == ["<sip:kept@127.0.0.1>;expires=300"]


def test_an_older_request_that_comes_late_is_refused() -> None:
    caller = Caller()
    contact = "Contact: <sip:a@127.0.0.1>\r\n"
    caller.say(caller.text("REGISTER", contact, number=5))
    assert caller.say(caller.text("REGISTER", contact, number=4)) == ["500 Server Internal Error"]
    assert caller.say(caller.text("REGISTER", contact, number=6)) == ["200 OK"]


def test_a_repetition_gets_the_same_answer() -> None:
    caller = Caller()
    text = caller.text("REGISTER", "Contact: <sip:a@127.0.0.1>\r\n", number=1)
    assert caller.say(text) == caller.say(text, 2.0) == ["200 OK"]
    assert caller.heard[0][1] == caller.heard[1][1]


def test_a_registrar_may_forget_at_once() -> None:
    caller = Caller(Behaviour(registry=Registry(keeps=False)))
    assert register(caller, "<sip:a@127.0.0.1>") == "200 OK"
    assert bindings(caller) == []
