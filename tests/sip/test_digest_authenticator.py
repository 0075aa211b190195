"""Answering challenges: what goes out, what is tried again, and what is refused with which cause."""

from __future__ import annotations

import itertools

import pytest

from callsphere.sip.causes import CAUSES
from callsphere.sip.digest import (
    Authenticator,
    Credentials,
    Given,
    Refusal,
    Verdict,
    copy_credentials,
    digest_response,
    make_challenge,
    verify,
)
from callsphere.sip.message import Headers, Request, Response
from callsphere.sip.transaction import next_attempt

ALICE = Credentials("alice", "secret")
URI = "sip:+15551234567@carrier.example;transport=tcp"
BODY = b"v=0\r\n"


def invite(method: str = "INVITE") -> Request:
    """A request without credentials."""
    fields = [
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKa"),
        ("From", "<sip:alice@carrier.example>;tag=1"),
        ("To", "<sip:+15551234567@carrier.example>"),
        ("Call-ID", "c1"),
        ("CSeq", f"7 {method}"),
    ]
    return Request(method, URI, Headers(fields), BODY)


def challenged(*values: str, proxy: tuple[str, ...] = (), status: int = 401) -> Response:
    """A response with these challenges."""
    headers = Headers([("WWW-Authenticate", value) for value in values])
    for value in proxy:
        headers.add("Proxy-Authenticate", value)
    return Response(status, "", headers)


def authenticator(credentials: Credentials | None = ALICE) -> Authenticator:
    """One whose client nonces are cnonce1, cnonce2, ..."""
    numbers = itertools.count(1)
    return Authenticator(credentials, make_cnonce=lambda: f"cnonce{next(numbers)}")


def given(request: Request, *, proxy: bool = False) -> list[Given]:
    """The credentials a request carries."""
    name = "Proxy-Authorization" if proxy else "Authorization"
    return [Given.parse(value) for value in request.headers.get_all(name)]


def refusal(auth: Authenticator, response: Response, request: Request) -> str:
    """The cause with which a challenge is refused."""
    with pytest.raises(Refusal) as caught:
        auth.answer(response, request)
    assert caught.value.cause in CAUSES
    assert "secret" not in str(caught.value)
    return caught.value.cause


def test_an_answer_on_the_wire() -> None:
    challenge = (
        'Digest realm="a \\"b\\", c", nonce="n\\\\1", algorithm="sha-256", qop="auth,auth-int", opaque="o"'
    )
    answered = authenticator().answer(challenged(challenge), invite())
    response = digest_response(
        algorithm="SHA-256",
        username="alice",
        # RFC 7616 §3.4: the quotes go, the escapes stay.
        realm='a \\"b\\", c',
        password="secret",
        nonce="n\\\\1",
        method="INVITE",
        uri=URI,
        qop="auth",
        nc="00000001",
        cnonce="cnonce1",
    )
    expected = (
        f'Digest username="alice", realm="a \\"b\\", c", nonce="n\\\\1", uri="{URI}", response="{response}", '
        'algorithm=sha-256, opaque="o", qop=auth, nc=00000001, cnonce="cnonce1"'
    )
    assert answered.headers.get_all("Authorization") == [expected]
    assert "Proxy-Authorization" not in answered.headers


def test_what_the_challenge_does_not_name_stays_away() -> None:
    (value,) = (
        authenticator()
        .answer(challenged('Digest realm=r, nonce="n"'), invite())
        .headers.get_all("Authorization")
    )
    response = digest_response(
        algorithm="MD5",
        username="alice",
        realm="r",
        password="secret",
        nonce="n",
        method="INVITE",
        uri=URI,
    )
    assert value == f'Digest username="alice", realm="r", nonce="n", uri="{URI}", response="{response}"'


def test_the_refused_request_stays_as_it_was() -> None:
    request = invite()
    answered = authenticator().answer(challenged(make_challenge("r", "n")), request)
    assert "Authorization" not in request.headers
    assert (answered.method, answered.uri, answered.body, answered.cseq) == (
        "INVITE",
        URI,
        BODY,
        request.cseq,
    )


def test_the_log_in_name_may_differ_from_the_user() -> None:
    auth = authenticator(Credentials("alice", "secret", auth_username='tr"unk\\7'))
    answered = auth.answer(challenged(make_challenge("r", "n")), invite())
    assert given(answered)[0].username == 'tr"unk\\7'
    verified = verify(
        answered, realm="r", password_of={'tr"unk\\7': "secret"}.get, is_live=lambda nonce: nonce == "n"
    )
    assert verified.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("algorithm", [None, "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"])
@pytest.mark.parametrize("qop", [(), ("auth",), ("auth-int",), ("auth-int", "auth")])
def test_the_server_side_agrees(algorithm: str | None, qop: tuple[str, ...]) -> None:
    challenge = make_challenge("r", "n", algorithm=algorithm, qop=qop)
    auth = authenticator()
    first = auth.answer(challenged(challenge), invite())
    # The second request reuses nonce and cnonce, which -sess depends on.
    for request in (first, auth.preemptive(invite("BYE"))):
        verified = verify(request, realm="r", password_of={"alice": "secret"}.get, is_live=lambda _: True)
        assert verified.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        (["MD5", "SHA-256", "SHA-512-256"], "SHA-512-256"),
        (["SHA-512-256", "MD5"], "SHA-512-256"),
        (["MD5-sess", "MD5"], "MD5"),
        (["MD5-sess", "SHA-256-sess"], "SHA-256-sess"),
        (["SHA-1024", "MD5"], "MD5"),
        (["AKAv1-MD5", "MD5-sess"], "MD5-sess"),
    ],
)
@pytest.mark.parametrize("lines", [True, False])
def test_the_strongest_algorithm_is_chosen(offers: list[str], chosen: str, lines: bool) -> None:
    values = [make_challenge("r", f"n-{name}", algorithm=name) for name in offers]
    response = challenged(*values) if lines else challenged(", ".join(values))
    (credentials,) = given(authenticator().answer(response, invite()))
    assert (credentials.algorithm, credentials.nonce) == (chosen, f"n-{chosen}")


def test_a_challenge_with_a_qop_we_lack_is_passed_over() -> None:
    values = [make_challenge("r", "1", algorithm="SHA-256", qop=("auth-conf",)), make_challenge("r", "2")]
    assert given(authenticator().answer(challenged(*values), invite()))[0].nonce == "2"


def test_nc_counts_per_nonce() -> None:
    auth = authenticator()
    first = auth.answer(challenged(make_challenge("r", "n1")), invite())
    second, third = auth.preemptive(invite()), auth.preemptive(invite("BYE"))
    # Another request is challenged with the same nonce: it goes on counting.
    fourth = auth.answer(challenged(make_challenge("r", "n1")), invite())
    fifth = auth.answer(challenged(make_challenge("r", "n2")), invite())
    seen = [given(request)[0] for request in (first, second, third, fourth, fifth)]
    assert [(each.nonce, each.nc, each.cnonce) for each in seen] == [
        ("n1", 1, "cnonce1"),
        ("n1", 2, "cnonce1"),
        ("n1", 3, "cnonce1"),
        ("n1", 4, "cnonce1"),
        ("n2", 1, "cnonce2"),
    ]


def test_nc_goes_on_where_a_nonce_comes_back_or_serves_two_realms() -> None:
    auth = authenticator()
    first = auth.answer(challenged(make_challenge("r", "n1")), invite())
    auth.answer(challenged(make_challenge("r", "n2")), invite())
    third = auth.answer(challenged(make_challenge("r", "n1")), invite())
    fourth = auth.answer(challenged(proxy=(make_challenge("r", "n1"),), status=407), invite())
    assert [given(request)[0].nc for request in (first, third)] == [1, 2]
    assert [each.nc for each in given(fourth, proxy=True)] == [3]


def test_preemptive_without_a_nonce_is_a_plain_copy() -> None:
    request = invite()
    copy = authenticator().preemptive(request)
    assert copy is not request
    assert (copy.uri, copy.headers, copy.body) == (request.uri, request.headers, request.body)
    assert authenticator(None).preemptive(request).headers == request.headers


def test_two_attempts_have_their_own_client_nonces() -> None:
    first, second = (
        given(Authenticator(ALICE).answer(challenged(make_challenge("r", "n")), invite()))[0]
        for _ in range(2)
    )
    assert len(first.cnonce) == 32
    assert first.cnonce != second.cnonce


def test_nextnonce_is_taken_over() -> None:
    auth = authenticator()
    answered = auth.answer(challenged(make_challenge("r", "n1", algorithm="MD5-sess")), invite())
    done = Response(
        200, "OK", Headers([("Authentication-Info", 'qop=auth, nextnonce="n,\\"2", nc=00000001')])
    )
    auth.learn(done, answered)
    (credentials,) = given(auth.preemptive(invite()))
    assert (credentials.nonce, credentials.nc, credentials.cnonce) == ('n,"2', 1, "cnonce2")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Proxy-Authentication-Info", 'nextnonce="n2"'),
        ("Authentication-Info", 'nextnonce="n2'),
        ("Authentication-Info", 'nextnonce=""'),
        ("Authentication-Info", "rspauth=abc"),
        ("Authentication-Info", ""),
    ],
)
def test_other_authentication_info_changes_nothing(name: str, value: str) -> None:
    auth = authenticator()
    answered = auth.answer(challenged(make_challenge("r", "n1")), invite())
    auth.learn(Response(200, "OK", Headers([(name, value)])), answered)
    assert given(auth.preemptive(invite()))[0].nonce == "n1"


def test_a_proxy_then_the_far_end() -> None:
    auth = authenticator()
    first = auth.answer(challenged(proxy=(make_challenge("p", "n1"),), status=407), invite())
    assert [len(given(first, proxy=proxy)) for proxy in (True, False)] == [1, 0]
    second = auth.answer(challenged(make_challenge("u", "n2")), next_attempt(first))
    assert [(each.realm, each.nc) for each in given(second, proxy=True)] == [("p", 2)]
    assert [(each.realm, each.nc) for each in given(second)] == [("u", 1)]
    # The proxy wants a fresh nonce for each request, and does not even say stale.
    third = auth.answer(challenged(proxy=(make_challenge("p", "n3"),), status=407), next_attempt(second))
    assert [(each.nonce, each.nc) for each in given(third, proxy=True)] == [("n3", 1)]
    assert [(each.nonce, each.nc) for each in given(third)] == [("n2", 2)]


def test_several_realms_at_once() -> None:
    auth = authenticator()
    response = challenged(
        make_challenge("a", "1"),
        make_challenge("a", "2", algorithm="SHA-256"),
        proxy=(make_challenge("b", "3"), make_challenge("a", "4")),
    )
    answered = auth.answer(response, invite())
    assert [(each.realm, each.nonce) for each in given(answered)] == [("a", "2")]
    assert {(each.realm, each.nonce) for each in given(answered, proxy=True)} == {("b", "3"), ("a", "4")}


def test_only_the_pinned_realm_is_answered() -> None:
    auth = authenticator(Credentials("alice", "secret", realm="mine"))
    answered = auth.answer(challenged(make_challenge("other", "1"), make_challenge("mine", "2")), invite())
    assert [each.realm for each in given(answered)] == ["mine"]
    assert refusal(auth, challenged(make_challenge("Mine", "1")), invite()) == "realm_mismatch"
    assert (
        refusal(auth, challenged(make_challenge("mine", "1", algorithm="X")), invite())
        == "digest_unsupported"
    )


def test_stale_is_retried_once() -> None:
    auth = authenticator()
    first = auth.answer(challenged(make_challenge("r", "n1")), invite())
    second = auth.answer(challenged(make_challenge("r", "n2", stale=True)), next_attempt(first))
    assert [(each.nonce, each.nc) for each in given(second)] == [("n2", 1)]
    assert refusal(auth, challenged(make_challenge("r", "n3", stale=True)), second) == "challenge_loop"


def test_stale_and_then_refused() -> None:
    auth = authenticator()
    first = auth.answer(challenged(make_challenge("r", "n1")), invite())
    second = auth.answer(challenged(make_challenge("r", "n2", stale=True)), first)
    assert refusal(auth, challenged(make_challenge("r", "n3")), second) == "credentials_rejected"


def test_a_reused_nonce_that_went_stale_costs_nothing() -> None:
    auth = authenticator()
    auth.answer(challenged(make_challenge("r", "n0")), invite())
    for round_ in range(10):
        refresh = auth.preemptive(invite("REGISTER"))
        answered = auth.answer(challenged(make_challenge("r", f"n{round_ + 1}", stale=True)), refresh)
        assert [(each.nonce, each.nc) for each in given(answered)] == [(f"n{round_ + 1}", 1)]


@pytest.mark.parametrize("stale", [True, False])
def test_a_wrong_password_on_a_reused_nonce_is_known_after_one_more(stale: bool) -> None:
    auth = authenticator()
    auth.answer(challenged(make_challenge("r", "n0")), invite())
    refresh = auth.preemptive(invite("REGISTER"))
    answered = auth.answer(challenged(make_challenge("r", "n1", stale=stale)), refresh)
    assert refusal(auth, challenged(make_challenge("r", "n2")), answered) == "credentials_rejected"


def test_refused_on_a_fresh_nonce() -> None:
    auth = authenticator()
    answered = auth.answer(challenged(make_challenge("r", "n1")), invite())
    assert refusal(auth, challenged(make_challenge("r", "n2")), answered) == "credentials_rejected"
    # What was refused is not sent again unasked.
    assert given(auth.preemptive(invite())) == []


def test_a_request_that_went_out_twice_is_tried_once_more() -> None:
    # The answer to its first copy got lost, and the nonce served only once.
    auth = authenticator()
    answered = auth.answer(challenged(make_challenge("r", "n1")), invite())
    again = auth.answer(challenged(make_challenge("r", "n2")), answered, repeated=True)
    assert [(each.nonce, each.nc) for each in given(again)] == [("n2", 1)]
    with pytest.raises(Refusal) as caught:
        auth.answer(challenged(make_challenge("r", "n3")), again, repeated=True)
    assert caught.value.cause == "credentials_rejected"


def test_refused_without_a_new_challenge() -> None:
    auth = authenticator()
    answered = auth.answer(challenged(make_challenge("r", "n1")), invite())
    assert refusal(auth, challenged(), answered) == "credentials_rejected"
    assert given(auth.preemptive(invite())) == []


def test_realms_without_end() -> None:
    auth = authenticator()
    request = invite()
    for number in range(4):
        request = auth.answer(challenged(make_challenge(f"r{number}", "n")), request)
    assert refusal(auth, challenged(make_challenge("r4", "n")), request) == "challenge_loop"


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ([], "challenge_malformed"),
        ([""], "challenge_malformed"),
        (['Digest realm="r"'], "challenge_malformed"),
        (['Digest realm="r, nonce="n"'], "challenge_malformed"),
        (['Basic realm="r"'], "digest_unsupported"),
        (['Basic realm="r"', "Digest"], "challenge_malformed"),
        ([make_challenge("r", "n", algorithm="SHA-1")], "digest_unsupported"),
        ([make_challenge("r", "n", qop=("auth-conf",))], "digest_unsupported"),
    ],
)
def test_challenges_nobody_could_answer(values: list[str], cause: str) -> None:
    assert refusal(authenticator(), challenged(*values), invite()) == cause


def test_without_credentials() -> None:
    auth = authenticator(None)
    assert not auth.challenged
    assert refusal(auth, challenged(make_challenge("r", "n")), invite()) == "credentials_missing"
    assert auth.challenged


def test_passwords_are_not_shown() -> None:
    auth = authenticator()
    auth.answer(challenged(make_challenge("r", "n")), invite())
    assert "secret" not in repr(ALICE) + str(ALICE) + repr(auth)


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "a\r\nX: y"},
        {"username": "a", "auth_username": "b\n"},
        {"username": "a\x00"},
        {"username": "a", "realm": "r\r\n"},
        {"username": "a", "password": "\ud800"},
    ],
)
def test_texts_that_fit_no_header_are_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="holds a character"):
        Credentials(**{"password": "p", **fields})


def test_what_a_peer_makes_us_remember_is_bounded() -> None:
    auth = authenticator()
    values = [make_challenge(f"r{number}", "n") for number in range(100)]
    assert len(given(auth.answer(challenged(*values), invite()))) == 8
    assert len(given(auth.preemptive(invite()))) == 8


def test_an_ack_takes_the_credentials_of_its_invite() -> None:
    answered = authenticator().answer(
        challenged(make_challenge("u", "1"), proxy=(make_challenge("p", "2"),)), invite()
    )
    ack = invite("ACK")
    ack.headers.add("Authorization", "old")
    copy_credentials(answered, ack)
    for name in ("Authorization", "Proxy-Authorization"):
        assert ack.headers.get_all(name) == answered.headers.get_all(name)
