"""The server's half of digest: challenges it writes and credentials it judges."""

from __future__ import annotations

import pytest

from callsphere.sip.digest import ChallengeMalformed, Given, Verdict, make_challenge, verify
from callsphere.sip.message import Headers, Request

# draft-smith-sipping-auth-examples-01 §3.2.
VALUE = (
    'Digest username="bob", realm="biloxi.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="sip:bob@biloxi.com", qop=auth, nc=00000001, cnonce="0a4f113b", '
    'response="89eb0059246c02b2f6ee02c7961d5ea3", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def verdict(*values: str, password: str = "zanzibar", live: bool = True, proxy: bool = False) -> Verdict:
    """What becomes of an INVITE with these Authorization headers."""
    request = Request(
        "INVITE", "sip:bob@biloxi.com", Headers([("Authorization", value) for value in values]), b"v=0\r\n"
    )
    return verify(
        request, realm="biloxi.com", password_of={"bob": password}.get, is_live=lambda _: live, proxy=proxy
    ).verdict


def test_challenges_are_written() -> None:
    assert make_challenge('a "b"', "n") == 'Digest realm="a \\"b\\"", nonce="n", qop="auth"'
    assert make_challenge(
        "r", "n", algorithm="SHA-256", qop=("auth", "auth-int"), opaque="o", stale=True
    ) == ('Digest realm="r", nonce="n", opaque="o", stale=true, algorithm=SHA-256, qop="auth,auth-int"')
    assert make_challenge("r", "n", qop=()) == 'Digest realm="r", nonce="n"'


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([VALUE], Verdict.ACCEPTED),
        ([VALUE.replace("89eb", "89EB")], Verdict.ACCEPTED),
        ([VALUE.replace("qop=auth", 'qop="auth"')], Verdict.ACCEPTED),
        ([VALUE + ", algorithm=md5"], Verdict.ACCEPTED),
        (["Basic Ym9iOg==", "Digest username=", VALUE], Verdict.ACCEPTED),
        ([VALUE.replace("89eb", "99eb")], Verdict.REJECTED),
        ([VALUE.replace("89eb", "ééé")], Verdict.REJECTED),
        ([VALUE.replace('"bob"', '"bobby"')], Verdict.REJECTED),
        ([VALUE.replace("nc=00000001", "nc=00000002")], Verdict.REJECTED),
        ([VALUE.replace('uri="sip:bob@', 'uri="sip:eve@')], Verdict.MALFORMED),
        ([VALUE.replace("qop=auth", "qop=auth-conf")], Verdict.MALFORMED),
        ([VALUE.replace("nc=00000001", "nc=1")], Verdict.MALFORMED),
        ([VALUE + ", algorithm=SHA-1"], Verdict.MALFORMED),
        ([VALUE + ", " + VALUE], Verdict.MALFORMED),
        ([VALUE.replace(', cnonce="0a4f113b"', ', cnonce="0a')], Verdict.MALFORMED),
        ([VALUE.replace('nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ', "")], Verdict.MALFORMED),
        ([VALUE.replace("biloxi.com", "else.example")], Verdict.ABSENT),
        ([], Verdict.ABSENT),
    ],
)
def test_verdicts(values: list[str], expected: Verdict) -> None:
    assert verdict(*values) is expected


def test_a_wrong_password_is_rejected() -> None:
    assert verdict(VALUE, password="zanzibar2") is Verdict.REJECTED


def test_a_dead_nonce_is_stale_whatever_the_password() -> None:
    assert verdict(VALUE, live=False, password="wrong") is Verdict.STALE


def test_proxies_look_at_their_own_header() -> None:
    assert verdict(VALUE, proxy=True) is Verdict.ABSENT


def test_what_credentials_say() -> None:
    assert Given.parse(VALUE) == Given(
        username="bob",
        realm="biloxi.com",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri="sip:bob@biloxi.com",
        response="89eb0059246c02b2f6ee02c7961d5ea3",
        algorithm="MD5",
        qop="auth",
        nc=1,
        cnonce="0a4f113b",
    )


def test_missing_parts_are_named() -> None:
    with pytest.raises(ChallengeMalformed) as caught:
        Given.parse('Digest username="bob", nonce="n"')
    assert caught.value.reason == "The credentials lack realm, response, uri."
