"""What must hold on the wire whatever a carrier does."""

from __future__ import annotations

import re
from itertools import pairwise

from tests.sip.carriers.laboratory import PASSWORD, Carrier, Heard, fields_of


def audit(carrier: Carrier, *, acks: bool = True, ends: bool = True) -> None:
    """Assert it for everything that a carrier heard.

    Without `acks` no ACK can arrive; without `ends` the end of the call cannot.
    """
    requests = [each for each in carrier.heard if not each.start.startswith("SIP/2.0")]
    _audit_requests(requests)
    _audit_calls(requests)
    for request in requests:
        _audit_digest(request)
    if acks:
        _audit_acks(carrier)
    if ends:
        _audit_ends(carrier)


def _audit_requests(requests: list[Heard]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for request in requests:
        assert request.branch.startswith("z9hG4bK"), request.text
        assert len(request.branch) > 15
        assert len(request.all("via")) == 1
        assert ";rport" in request.get("via")
        assert int(request.get("max-forwards")) == 70
        assert int(request.get("content-length")) == len(request.body.encode())
        assert request.get("cseq").split()[1] == request.method
        assert "test" in request.get("user-agent")
        assert PASSWORD not in request.text
        if request.method in ("INVITE", "REGISTER"):
            assert request.get("contact").count("<sip") == 1
        # Only a repetition may use a branch again, and is the same to the letter.
        key = (request.branch, request.method)
        assert seen.setdefault(key, request.text) == request.text


def _audit_calls(requests: list[Heard]) -> None:
    for call_id in {each.get("call-id") for each in requests}:
        ours = [each for each in requests if each.get("call-id") == call_id]
        assert len({each.tag("from") for each in ours}) == 1
        fresh = list({each.branch: each for each in ours if each.method not in ("ACK", "CANCEL")}.values())
        for tag in {each.tag("to") for each in fresh}:
            numbers = [each.cseq for each in fresh if each.tag("to") in (None, tag)]
            assert all(one < other for one, other in pairwise(numbers)), [each.start for each in fresh]
        for each in ours:
            if each.method in ("ACK", "CANCEL"):
                assert any(
                    invite.method == "INVITE" and invite.cseq == each.cseq and invite.at <= each.at
                    for invite in ours
                )


def _audit_digest(request: Heard) -> None:
    for given in [*request.all("authorization"), *request.all("proxy-authorization")]:
        assert given.startswith("Digest ")
        fields = fields_of(given)
        # The ACK of a 2xx has the credentials of its INVITE (RFC 3261 §13.2.2.4).
        assert request.method == "ACK" or fields["uri"] == request.uri
        for name in ("username", "realm", "nonce", "uri", "response"):
            assert re.search(rf'\b{name}="', given), given
        assert not re.search(r'\b(?:algorithm|qop|nc)="', given), given
        if "qop" in fields:
            assert re.fullmatch(r"[0-9a-f]{8}", fields["nc"])
            assert re.search(r'\bcnonce="[^"]{8,}"', given)
        else:
            assert "nc" not in fields


def _audit_acks(carrier: Carrier) -> None:
    finals = [each for each in carrier.sent if "INVITE" in each.get("cseq") and each.method >= "200"]
    finals = [each for each in finals if each.start.startswith("SIP/2.0")]
    for final in finals:
        acks = [
            each
            for each in carrier.of("ACK")
            if each.cseq == final.cseq and each.tag("to") == final.tag("to") and each.at >= final.at
        ]
        assert acks, f"no ACK after {final.start}"
        same_branch = [each.branch == final.branch for each in acks]
        assert not any(same_branch) if final.method < "300" else all(same_branch)


def _audit_ends(carrier: Carrier) -> None:
    tags = {
        (each.get("call-id"), each.tag("to"))
        for each in carrier.sent
        if each.start.startswith("SIP/2.0 2") and "INVITE" in each.get("cseq")
    }
    ended = {(each.get("call-id"), each.tag("to")) for each in carrier.of("BYE")}
    ended |= {
        (each.get("call-id"), each.tag("from")) for each in carrier.sent if each.start.startswith("BYE ")
    }
    assert tags <= ended, "a call was left open"
    for request in carrier.of("INVITE"):
        answers = [
            each for each in carrier.sent if each.branch == request.branch and "INVITE" in each.get("cseq")
        ]
        if answers and all(each.start.startswith("SIP/2.0 1") for each in answers):
            assert any(each.branch == request.branch for each in carrier.of("CANCEL")), "ringing was left"
