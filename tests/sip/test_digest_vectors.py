"""The digest computation against published values."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.sip.digest import ALGORITHMS, digest_response

RFC_7616: dict[str, Any] = {
    "username": "Mufasa",
    "realm": "http-auth@example.org",
    "password": "Circle of Life",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "method": "GET",
    "uri": "/dir/index.html",
    "qop": "auth",
    "nc": "00000001",
    "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
}
RFC_2617: dict[str, Any] = {
    **RFC_7616,
    "realm": "testrealm@host.com",
    "password": "Circle Of Life",
    "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    "cnonce": "0a4f113b",
}
RFC_2069: dict[str, Any] = {**RFC_2617, "password": "CircleOfLife", "qop": None, "nc": "", "cnonce": ""}
UNICODE: dict[str, Any] = {
    **RFC_7616,
    "username": "Jäsøn Doe",
    "realm": "api@example.org",
    "password": "Secret, or not?",
    "nonce": "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
    "uri": "/doe.json",
    "cnonce": "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
}
# draft-smith-sipping-auth-examples-01: the one published set for SIP.
SIP: dict[str, Any] = {
    **RFC_2617,
    "username": "bob",
    "realm": "biloxi.com",
    "password": "zanzibar",
    "method": "INVITE",
    "uri": "sip:bob@biloxi.com",
}
OFFER = (
    b"v=0\r\no=bob 2890844526 2890844526 IN IP4 media.biloxi.com\r\ns=-\r\n"
    b"c=IN IP4 media.biloxi.com\r\nt=0 0\r\n"
    b"m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    b"m=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
    b"m=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n"
)


@pytest.mark.parametrize(
    ("given", "algorithm", "body", "response"),
    [
        pytest.param(RFC_7616, "MD5", b"", "8ca523f5e9506fed4657c9700eebdbec", id="RFC 7616 3.9.1 MD5"),
        pytest.param(
            RFC_7616,
            "SHA-256",
            b"",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            id="RFC 7616 3.9.1 SHA-256",
        ),
        # With erratum 4897: what the RFC prints belongs to no known function.
        pytest.param(
            UNICODE,
            "SHA-512-256",
            b"",
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
            id="RFC 7616 3.9.2 SHA-512-256",
        ),
        pytest.param(RFC_2617, "MD5", b"", "6629fae49393a05397450978507c4ef1", id="RFC 2617 3.5"),
        pytest.param(
            RFC_2069, "MD5", b"", "1949323746fe6a43ef61f9606e7febea", id="RFC 2069 2.4, erratum 749"
        ),
        pytest.param(
            SIP | {"qop": None, "nc": "", "cnonce": ""},
            "MD5",
            b"",
            "bf57e4e0d0bffc0fbaedce64d59add5e",
            id="SIP without qop",
        ),
        pytest.param(SIP, "MD5", OFFER, "89eb0059246c02b2f6ee02c7961d5ea3", id="SIP auth"),
        pytest.param(SIP, "MD5-sess", OFFER, "e4e4ea61d186d07a92c9e1f6919902e9", id="SIP MD5-sess"),
        pytest.param(
            SIP | {"qop": "auth-int"}, "MD5", OFFER, "bdbeebb2da6adb6bca02599c2239e192", id="SIP auth-int"
        ),
        pytest.param(
            SIP | {"qop": "auth-int"},
            "MD5-sess",
            OFFER,
            "91984da2d8663716e91554859c22ca70",
            id="SIP auth-int and MD5-sess",
        ),
        pytest.param(
            SIP | {"qop": "auth-int"},
            "MD5",
            b"",
            "2d6fc6e788367208f746582b18a69618",
            id="SIP auth-int without a body",
        ),
    ],
)
def test_published_values(given: dict[str, Any], algorithm: str, body: bytes, response: str) -> None:
    assert digest_response(algorithm=algorithm, body=body, **given) == response


def test_the_strongest_comes_first() -> None:
    assert ALGORITHMS == ("SHA-512-256", "SHA-512-256-sess", "SHA-256", "SHA-256-sess", "MD5", "MD5-sess")


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(KeyError):
        digest_response(algorithm="SHA-1", **RFC_2617)


def test_bytes_that_are_no_utf_8_are_hashed_as_they_came() -> None:
    realm = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert digest_response(algorithm="MD5", **{**RFC_2617, "realm": realm}) == (
        # md5(md5(b"Mufasa:caf\xe9:Circle Of Life"):nonce:00000001:0a4f113b:auth:md5("GET:/dir/index.html"))
        "60c05acd65e552aa6805e0bb3831f3b3"
    )
