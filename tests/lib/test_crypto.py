"""Sealing single values."""

import base64

import pytest

from callsphere.lib import crypto

KEY = crypto.new_key()
PLACE = "trunks_digestcredential|secret|tenant-1|row-1"


def test_what_is_sealed_can_be_opened_in_its_place() -> None:
    token = crypto.seal("k1", KEY, b"hunter2", PLACE)
    assert crypto.unseal({"k1": KEY}, token, PLACE) == b"hunter2"


def test_the_same_value_never_looks_the_same() -> None:
    assert crypto.seal("k1", KEY, b"hunter2", PLACE) != crypto.seal("k1", KEY, b"hunter2", PLACE)


@pytest.mark.parametrize(
    "place",
    [
        "trunks_digestcredential|secret|tenant-1|row-2",
        "trunks_digestcredential|secret|tenant-2|row-1",
        "trunks_digestcredential|other|tenant-1|row-1",
        "another_table|secret|tenant-1|row-1",
    ],
)
def test_copied_to_another_place_it_cannot_be_opened(place: str) -> None:
    token = crypto.seal("k1", KEY, b"hunter2", PLACE)
    with pytest.raises(crypto.SecretUnreadable):
        crypto.unseal({"k1": KEY}, token, place)


def test_one_changed_character_is_noticed() -> None:
    token = crypto.seal("k1", KEY, b"hunter2", PLACE)
    head, body = token.rsplit(".", 1)
    damaged = f"{head}.{'B' if body[0] == 'A' else 'A'}{body[1:]}"
    with pytest.raises(crypto.SecretUnreadable):
        crypto.unseal({"k1": KEY}, damaged, PLACE)


@pytest.mark.parametrize(
    "token", ["", "plain text", "v1.k1.x", "v2.k1.AAAA.AAAA", "v1.k1.*.*", "v1.k1.AA.AA"]
)
def test_what_is_no_sealed_value_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(crypto.SecretUnreadable) as caught:
        crypto.unseal({"k1": KEY}, token, PLACE)
    assert not token or token not in str(caught.value)


def test_a_missing_key_is_named_as_such() -> None:
    token = crypto.seal("k1", KEY, b"hunter2", PLACE)
    with pytest.raises(crypto.SecretUnreadable, match="its key is not configured"):
        crypto.unseal({"k2": KEY}, token, PLACE)


def test_a_sealed_value_shows_nothing() -> None:
    assert repr(crypto.seal("k1", KEY, b"hunter2", PLACE)) == "<sealed>"


def test_keys_are_read_newest_first() -> None:
    first, second = crypto.new_key(), crypto.new_key()
    text = ",".join(
        f"{name}:{base64.b64encode(key).decode()}" for name, key in [("k2", first), ("k1", second)]
    )
    assert list(crypto.parse_keys(text).items()) == [("k2", first), ("k1", second)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "write id:base64"),
        ("k1", "write id:base64"),
        ("k-1:AAAA", "write id:base64"),
        ("k1:***", "key k1 is not base64"),
        ("k1:AAAA", "key k1 has 3 bytes instead of 32"),
    ],
)
def test_wrong_keys_are_refused_with_a_sentence(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        crypto.parse_keys(text)


def test_large_data_opens_in_its_place_alone() -> None:
    data = crypto.encrypt(KEY, b"sound" * 1000, PLACE)
    assert b"sound" not in data
    assert crypto.decrypt(KEY, data, PLACE) == b"sound" * 1000
    for key, damaged, place in (
        (KEY, data, "another place"),
        (crypto.new_key(), data, PLACE),
        (KEY, data[:-1], PLACE),
        (KEY, b"", PLACE),
    ):
        with pytest.raises(crypto.SecretUnreadable):
            crypto.decrypt(key, damaged, place)
