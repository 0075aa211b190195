"""Reading what people paste: everything that is wrong has a code and a sentence, and nothing is echoed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.trunks.certificates.papers import DAY, Paper, dsa_key, make, weak_rsa
from trunks.certificates.reading import (
    LONGEST_KEY,
    LONGEST_PEM,
    CertificateProblem,
    read_authorities,
    read_client_certificate,
    read_private_key,
)

NOW = dt.datetime.now(dt.UTC)
ROOT = make("Carrier root", is_authority=True)
MIDDLE = make("Carrier middle", ROOT, is_authority=True)
CLIENT = make("us.example.com", MIDDLE)
RSA = make("rsa.example.com", ROOT, private=rsa.generate_private_key(public_exponent=65537, key_size=2048))


def code_of(read: Callable[[], object]) -> str:
    with pytest.raises(CertificateProblem) as found:
        read()
    assert "BEGIN PRIVATE KEY-----\n" not in str(found.value)
    assert len(str(found.value)) < 300
    return found.value.code


def test_an_authority_and_a_bundle_are_read() -> None:
    noisy = f"Subject: the root\n{ROOT.pem}\r\n{MIDDLE.pem}\n{ROOT.pem}"
    chain = read_authorities(noisy, NOW)
    assert chain.pem == ROOT.pem + MIDDLE.pem
    assert chain.not_after == min(each.certificate.not_valid_after_utc for each in (ROOT, MIDDLE))


def test_one_that_vouches_for_itself_is_a_client_if_its_key_is_there() -> None:
    """As `openssl req -x509` makes them; the carrier's authority comes without its key."""
    chain = read_client_certificate(ROOT.pem, NOW)

    assert read_private_key(ROOT.key, chain) == ROOT.key
    assert code_of(lambda: read_private_key(CLIENT.key, chain)) == "is_authority"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        (" \n", "required"),
        ("hello", "not_pem"),
        (ROOT.key, "private_key"),
        (ROOT.pem + ROOT.key, "private_key"),
        (f"{ROOT.pem}-----begin private key-----", "private_key"),
        (CLIENT.pem, "not_an_authority"),
        (ROOT.pem + CLIENT.pem, "not_an_authority"),
        (make("Bare", extensions=False).pem, "not_an_authority"),
        (make("Old", is_authority=True, ends=-DAY).pem, "expired"),
        (ROOT.pem + make("Old", is_authority=True, ends=-DAY).pem, "expired"),
        (make("Weak", is_authority=True, private=weak_rsa()).pem, "weak_key"),
        (make("DSA", is_authority=True, private=dsa_key()).pem, "weak_key"),
        (ROOT.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "is_request"),
        (ROOT.pem.replace("CERTIFICATE", "PKCS7"), "not_pem"),
        (ROOT.pem[:200], "not_pem"),
        (ROOT.pem + MIDDLE.pem[:200], "cut_off"),
        (ROOT.pem.replace("MII", "AAA", 1), "damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "damaged"),
        ("x" * (LONGEST_PEM + 1), "too_large"),
        (ROOT.pem * 21, "too_many"),
    ],
)
def test_what_is_no_authority_is_refused(text: str, code: str) -> None:
    assert code_of(lambda: read_authorities(text, NOW)) == code


def test_a_chain_is_put_in_order() -> None:
    chain = read_client_certificate(CLIENT.pem + ROOT.pem + MIDDLE.pem, NOW)
    assert chain.pem == CLIENT.pem + MIDDLE.pem + ROOT.pem


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (CLIENT.pem + CLIENT.key, "private_key"),
        (MIDDLE.pem, "is_authority"),
        (MIDDLE.pem + ROOT.pem, "is_authority"),
        (MIDDLE.pem + CLIENT.pem, "wrong_order"),
        (CLIENT.pem + make("Stranger", is_authority=True).pem, "foreign_chain"),
        (make("old.example.com", ROOT, ends=-DAY).pem, "expired"),
        (make("weak.example.com", ROOT, private=weak_rsa()).pem, "weak_key"),
    ],
)
def test_what_is_no_client_certificate_is_refused(text: str, code: str) -> None:
    assert code_of(lambda: read_client_certificate(text, NOW)) == code


@pytest.mark.parametrize(
    ("paper", "form"),
    [
        (CLIENT, "PKCS8"),
        (CLIENT, "TraditionalOpenSSL"),
        (RSA, "TraditionalOpenSSL"),
        (make("ed.example.com", private=ed25519.Ed25519PrivateKey.generate()), "PKCS8"),
    ],
    ids=["ec", "ec-sec1", "rsa-pkcs1", "ed25519"],
)
def test_keys_of_every_usual_form_are_read(paper: Paper, form: str) -> None:
    chain = read_client_certificate(paper.pem, NOW)
    assert read_private_key(f"{paper.pem}\n{paper.key_as(form=form)}", chain) == paper.key


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        ("hunter2", "not_pem"),
        (CLIENT.pem, "not_pem"),
        (RSA.key, "mismatch"),
        (CLIENT.key + RSA.key, "several"),
        (CLIENT.key_as(b"hunter2"), "passphrase"),
        (RSA.key_as(b"hunter2", "TraditionalOpenSSL"), "passphrase"),
        (CLIENT.key.replace("MIG", "AAA", 1), "damaged"),
        ("x" * (LONGEST_KEY + 1), "too_large"),
    ],
)
def test_what_is_no_key_of_the_certificate_is_refused(text: str, code: str) -> None:
    chain = read_client_certificate(CLIENT.pem, NOW)
    assert code_of(lambda: read_private_key(text, chain)) == code
