"""No challenge and no credentials make digest raise anything but its own errors."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.sip.digest import (
    Authenticator,
    ChallengeMalformed,
    Credentials,
    Given,
    Refusal,
    Verdict,
    make_challenge,
    parse_challenges,
    verify,
)
from callsphere.sip.message import Headers, Request, Response, parse_message

PIECES = st.sampled_from(
    [
        *(
            "Digest ",
            "Basic ",
            "realm=",
            "nonce=",
            "qop=",
            "algorithm=",
            "stale=true",
            'realm="r"',
            'nonce="n"',
        ),
        *(
            "auth",
            "auth-int",
            "MD5",
            "SHA-256-sess",
            '"',
            "\\",
            '\\"',
            ",",
            "=",
            " ",
            "\t",
            ";",
            "é",
            "\udcff",
            "x",
        ),
    ]
)
VALUES = st.lists(PIECES, max_size=20).map("".join) | st.text(max_size=60).filter(
    lambda text: "\r" not in text and "\n" not in text
)
NAMES = st.sampled_from(["WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info"])


def request() -> Request:
    """A request with no more than digest looks at."""
    return Request("REGISTER", "sip:h", Headers([("Call-ID", "c"), ("CSeq", "1 REGISTER")]))


@settings(max_examples=250, deadline=None)
@given(st.lists(st.lists(st.tuples(NAMES, VALUES), max_size=4), min_size=1, max_size=4))
def test_challenges(rounds: list[list[tuple[str, str]]]) -> None:
    authenticator = Authenticator(Credentials("a", "p"))
    current = request()
    for fields in rounds:
        response = Response(401, "", Headers(fields))
        with contextlib.suppress(ChallengeMalformed):
            for challenge in parse_challenges(response):
                _ = challenge.realm, challenge.nonce, challenge.algorithm, challenge.qop, challenge.stale
        with contextlib.suppress(Refusal):
            current = authenticator.answer(response, current)
            assert "\r" not in "".join(value for _, value in current.headers.items())
            current.to_bytes()
        authenticator.learn(response, current)
        authenticator.preemptive(request()).to_bytes()


@settings(max_examples=250, deadline=None)
@given(VALUES)
def test_credentials(value: str) -> None:
    with contextlib.suppress(ChallengeMalformed):
        Given.parse(value)
    signed = request()
    signed.headers.add("Authorization", value)
    verified = verify(signed, realm="r", password_of=lambda _: "p", is_live=lambda _: True)
    assert verified.verdict is not Verdict.ACCEPTED


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=30)
NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


@settings(max_examples=150, deadline=None)
@given(NAME, LINE, LINE, LINE, st.sampled_from(["MD5", "SHA-256-sess"]), st.binary(max_size=20))
def test_every_text_survives_the_wire(
    user: str, password: str, realm: str, nonce: str, algorithm: str, body: bytes
) -> None:
    """What we answer, the server side accepts: quoting, escaping and encoding agree."""
    challenge = make_challenge(realm, nonce, algorithm=algorithm, qop=("auth-int",))
    plain = Request(
        "REGISTER",
        "sip:h",
        Headers(
            [
                ("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
                ("From", "<sip:a@h>;tag=1"),
                ("To", "<sip:a@h>"),
                ("Call-ID", "c"),
                ("CSeq", "1 REGISTER"),
            ]
        ),
        body,
    )
    unauthorized = plain.respond(401, to_tag="t")
    unauthorized.headers.add("WWW-Authenticate", challenge)
    received = parse_message(unauthorized.to_bytes())
    assert isinstance(received, Response)
    answered = parse_message(Authenticator(Credentials(user, password)).answer(received, plain).to_bytes())
    assert isinstance(answered, Request)
    verified = verify(answered, realm=realm, password_of={user: password}.get, is_live={nonce}.__contains__)
    assert verified.verdict is Verdict.ACCEPTED
