"""Reading digest challenges as carriers really write them."""

from __future__ import annotations

import pytest

from callsphere.sip.digest import Challenge, ChallengeMalformed, parse_challenges
from callsphere.sip.message import Headers, Response


def response(*values: str, proxy: tuple[str, ...] = ()) -> Response:
    """A 401 with these challenges, one per header line."""
    fields = [("WWW-Authenticate", value) for value in values]
    return Response(401, "Unauthorized", Headers(fields + [("Proxy-Authenticate", value) for value in proxy]))


def one(value: str) -> Challenge:
    """The one challenge of a header line."""
    (challenge,) = parse_challenges(response(value))
    return challenge


def test_a_plain_challenge() -> None:
    challenge = one(
        'Digest realm="sip.test", nonce="n1", opaque="", stale=TRUE, algorithm=SHA-256, qop="auth,auth-int"'
    )
    assert (challenge.realm, challenge.nonce, challenge.value("opaque"), challenge.proxy) == (
        "sip.test",
        "n1",
        "",
        False,
    )
    assert (challenge.algorithm, challenge.qop, challenge.stale, challenge.is_supported) == (
        "SHA-256",
        "auth",
        True,
        True,
    )


@pytest.mark.parametrize(
    ("value", "realm", "nonce"),
    [
        ('Digest nonce="n", realm="r"', "r", "n"),
        ('dIGEST REALM="r",NONCE="n"', "r", "n"),
        ('Digest\trealm = "r" ,\tnonce\t="n"', "r", "n"),
        ('Digest realm="a, realm=\\"b\\", c", nonce="n"', 'a, realm="b", c', "n"),
        ('Digest realm="back\\\\slash", nonce="n"', "back\\slash", "n"),
        ('Digest realm="CORP\\users", nonce="n"', "CORP\\users", "n"),
        ('Digest realm="r", nonce="a=b/c+d=="', "r", "a=b/c+d=="),
        ("Digest realm=sip.test, nonce=Zm9v/+YmFy==", "sip.test", "Zm9v/+YmFy=="),
        ('Digest realm="", nonce=""', "", ""),
        (',Digest realm="r",, nonce="n" , ', "r", "n"),
        ('Digest realm="r", nonce="n", nonce="n"', "r", "n"),
        ('Digest realm="r", nonce="n", foo="a\\"b, c", bar=', "r", "n"),
        ('Digest realm="Größe", nonce="n"', "Größe", "n"),
    ],
)
def test_texts(value: str, realm: str, nonce: str) -> None:
    challenge = one(value)
    assert (challenge.realm, challenge.nonce) == (realm, nonce)


@pytest.mark.parametrize(
    ("parameter", "algorithm"),
    [
        ("", "MD5"),
        (", algorithm=MD5", "MD5"),
        (", algorithm=md5", "MD5"),
        (', algorithm="MD5"', "MD5"),
        (', Algorithm = "sha-256"', "SHA-256"),
        (", algorithm=", "MD5"),
        (", algorithm=MD5-sess", "MD5-sess"),
        (", algorithm=MD5-SESS", "MD5-sess"),
        (", algorithm=SHA-512-256-sess", "SHA-512-256-sess"),
        (", algorithm=SHA-512", None),
        (", algorithm=AKAv1-MD5", None),
        (", algorithm=token", None),
    ],
)
def test_algorithms(parameter: str, algorithm: str | None) -> None:
    assert one(f'Digest realm="r", nonce="n"{parameter}').algorithm == algorithm


@pytest.mark.parametrize(
    ("parameter", "qop"),
    [
        ("", ""),
        (', qop=""', ""),
        (', qop="auth"', "auth"),
        (", qop=auth", "auth"),
        (', qop="AUTH"', "auth"),
        (', qop="auth-int"', "auth-int"),
        (', qop="auth-int,auth"', "auth"),
        (', qop=" auth-int , auth "', "auth"),
        (", qop=auth,auth-int", "auth"),
        (", qop=auth-int, auth, opaque=x", "auth"),
        (', qop="auth,,"', "auth"),
        (', qop="auth-conf"', None),
        (', qop="auth-conf,auth-int"', "auth-int"),
    ],
)
def test_qop(parameter: str, qop: str | None) -> None:
    challenge = one(f'Digest realm="r", nonce="n"{parameter}')
    assert (challenge.qop, challenge.is_supported) == (qop, qop is not None)


@pytest.mark.parametrize(
    ("parameter", "stale"),
    [
        ("", False),
        (", stale=true", True),
        (', stale="TRUE"', True),
        (", STALE=True", True),
        (", stale=FALSE", False),
        (", stale=", False),
    ],
)
def test_stale(parameter: str, stale: bool) -> None:
    assert one(f'Digest realm="r", nonce="n"{parameter}').stale is stale


def test_every_challenge_of_every_line() -> None:
    found = parse_challenges(
        response(
            'Digest realm="a", nonce="1", algorithm=SHA-256, Digest realm="a", nonce="2"',
            'Basic realm="b"',
            'Digest realm="c, d", nonce="3"',
            proxy=('digest realm="e", nonce="4"',),
        )
    )
    assert [(each.proxy, each.realm, each.nonce) for each in found] == [
        (False, "a", "1"),
        (False, "a", "2"),
        (False, "c, d", "3"),
        (True, "e", "4"),
    ]


@pytest.mark.parametrize(
    "others",
    [
        'Basic realm="b"',
        "Negotiate",
        "Negotiate YII/+abc==",
        'NTLM TlRMTVNTUAAB, Basic realm="x, y"',
        'Bearer realm="b", error="invalid, \\"token\\""',
    ],
)
def test_other_schemes_are_left_out(others: str) -> None:
    assert parse_challenges(response(others)) == []
    mixed = parse_challenges(response(f'{others}, Digest realm="r", nonce="n", qop=auth, {others}'))
    assert [(each.realm, each.nonce, each.qop) for each in mixed] == [("r", "n", "auth")]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "it is empty"),
        ("Digest", "realm is missing"),
        ('Digest nonce="n"', "realm is missing"),
        ('Digest realm="r"', "nonce is missing"),
        ('Digest realm="r", nonce="n', "it cannot be read from character 19 on"),
        ('Digest realm="r" nonce="n"', "it cannot be read from character 8 on"),
        ('Digest realm="r"; nonce="n"', "it cannot be read from character 8 on"),
        ('realm="r", nonce="n"', "it cannot be read from character 1 on"),
        ('Digest realm="r", nonce="n", nonce="m"', "nonce is given twice with different values"),
        ('Digest realm="r", nonce=n m', "it cannot be read from character 19 on"),
        ("\x00\xff", "it cannot be read from character 1 on"),
    ],
)
def test_unreadable_challenges(value: str, fault: str) -> None:
    with pytest.raises(ChallengeMalformed) as caught:
        parse_challenges(response(value))
    assert caught.value.reason == f"The WWW-Authenticate header is not readable: {fault}."


def test_an_unreadable_challenge_does_not_hide_a_readable_one() -> None:
    found = parse_challenges(response('Digest realm="a', 'Digest realm="b", nonce="n", Digest realm="c'))
    assert [each.realm for each in found] == ["b"]


def test_no_challenge_at_all() -> None:
    assert parse_challenges(response()) == []
