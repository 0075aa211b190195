"""Where requests inside a call go (RFC 3261 §12.2.1.1)."""

from __future__ import annotations

import re

from tests.sip.carriers.laboratory import Carrier, Heard


def audit_routes(front: Carrier, *, strict: bool = False) -> None:
    """Assert that all requests inside calls went by the Record-Route of the 200, to the latest Contact.

    `strict`: the first route has no lr, so its URI is the Request-URI and the Contact the last route.
    """
    accepted = accepted_by(front)
    for request in inside(front):
        answers = [each for each in accepted if each.tag("to") == request.tag("to")]
        # An ACK has the number of its INVITE, whose 200 names the Contact that it goes to.
        number = request.cseq + (request.method == "ACK")
        latest = max((each for each in answers if each.cseq < number), key=lambda each: each.cseq)
        expected = [*reversed(routes_of(answers[0], "record-route")), _contact(latest)]
        if not strict:
            expected = [expected[-1], *expected[:-1]]
        assert [f"<{request.uri}>", *routes_of(request, "route")] == expected, request.text


def asked_of(carrier: Carrier, *methods: str) -> list[Heard]:
    """The requests that somebody received, each once however often it came; of these methods, or all."""
    requests = [each for each in carrier.heard if not each.start.startswith("SIP/2.0")]
    once = {(each.branch, each.method): each for each in requests}
    return [each for each in once.values() if not methods or each.method in methods]


def inside(carrier: Carrier) -> list[Heard]:
    """The requests inside a call that somebody received, the ACK of its 2xx included, each once."""
    invited = {each.branch for each in carrier.of("INVITE")}
    found = [each for each in asked_of(carrier) if each.tag("to")]
    return [each for each in found if each.method != "ACK" or each.branch not in invited]


def accepted_by(carrier: Carrier) -> list[Heard]:
    """The 200 with a Contact that somebody sent, to INVITE and UPDATE, each once."""
    found = [each for each in carrier.sent if each.start.startswith("SIP/2.0 200 ") and each.get("contact")]
    of_calls = [each for each in found if each.get("cseq").split()[1] in ("INVITE", "UPDATE")]
    once = {(each.cseq, each.tag("to")): each for each in of_calls}
    return list(once.values())


def routes_of(message: Heard, header: str) -> list[str]:
    """The values of Route or Record-Route, in order."""
    return [route.strip() for line in message.all(header) for route in line.split(",")]


def _contact(message: Heard) -> str:
    found = re.search(r"<[^>]+>", message.get("contact"))
    assert found is not None, message.text
    return found[0]
