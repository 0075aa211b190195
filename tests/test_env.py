"""Settings' readers: wrong values are refused with the variable's name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from callsphere import env
from callsphere.providers.openai.prices import PUBLISHED, published_prices


def test_the_process_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_GIVEN", "process")
    monkeypatch.delenv("CS_FROM_FILE", raising=False)
    path = tmp_path / "env"
    path.write_text("# a comment\n\nCS_GIVEN=file\nCS_FROM_FILE=a=b\n")
    env.load_file(path)
    assert (env.text("CS_GIVEN"), env.text("CS_FROM_FILE")) == ("process", "a=b")
    monkeypatch.delenv("CS_FROM_FILE")


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("GOOD=1\nbad line\n")
    with pytest.raises(ImproperlyConfigured, match="line 2: expected NAME=value"):
        env.load_file(path)


def test_a_missing_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CS_X", raising=False)
    with pytest.raises(ImproperlyConfigured, match="CS_X is not set"):
        env.text("CS_X")


def test_a_secret_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    monkeypatch.setenv("CS_X_FILE", str(path))
    assert env.secret("CS_X") == "s3cret"


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_X_FILE", "/nonexistent/secret")
    with pytest.raises(ImproperlyConfigured, match="CS_X_FILE: cannot read /nonexistent/secret"):
        env.secret("CS_X")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("TRUE", True), ("off", False), ("", False)])
def test_flags(value: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_X", value)
    assert env.boolean("CS_X", not expected) is expected


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (lambda: env.boolean("CS_X", False), "maybe"),
        (lambda: env.integer("CS_X", 1), "ten"),
        (lambda: env.integer("CS_X", 1, minimum=1, maximum=5), "6"),
        (lambda: env.networks("CS_X"), "10.0.0.1/8"),
        (lambda: env.endpoints("CS_X"), "127.0.0.1:99999"),
        (lambda: env.choice("CS_X", "a", ("a", "b")), "c"),
        (lambda: env.database("CS_X"), "mysql://u:p@h/db"),
        (lambda: env.database("CS_X"), "postgres://u:p@h"),
        (lambda: env.email("http://mail"), ""),
    ],
)
def test_wrong_values_are_refused_by_name(
    reader: object, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CS_X", value)
    assert callable(reader)
    with pytest.raises(ImproperlyConfigured, match=r"CS_X|EMAIL_URL"):
        reader()


def test_a_refused_address_does_not_repeat_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_X", "mysql://user:hunter2@host/db")
    with pytest.raises(ImproperlyConfigured) as caught:
        env.database("CS_X")
    assert "hunter2" not in str(caught.value)


def test_a_database_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_X", "postgres://app:p%40ss@db.internal:6432/callsphere?sslmode=verify-full")
    assert env.database("CS_X") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "callsphere",
        "USER": "app",
        "PASSWORD": "p@ss",
        "HOST": "db.internal",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "verify-full"},
    }


def test_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_X", "127.0.0.1:5353, 192.0.2.1, [::1]:54")
    assert env.endpoints("CS_X") == [("127.0.0.1", 5353), ("192.0.2.1", 53), ("::1", 54)]


def test_a_sip_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CS_X", raising=False)
    assert env.sip_uri("CS_X") is None
    monkeypatch.setenv("CS_X", "sip:edge.example.com:5070;transport=tcp")
    assert str(env.sip_uri("CS_X")) == "sip:edge.example.com:5070;transport=tcp"
    monkeypatch.setenv("CS_X", "edge.example.com")
    with pytest.raises(ImproperlyConfigured, match=r"CS_X=.*: write sip:host"):
        env.sip_uri("CS_X")


def test_a_web_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CS_URL", raising=False)
    assert env.web_address("CS_URL") == ""
    monkeypatch.setenv("CS_URL", "http://127.0.0.1:25000/")
    assert env.web_address("CS_URL") == "http://127.0.0.1:25000"


def test_a_twilio_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CS_ACCOUNT", raising=False)
    assert env.twilio_account("CS_ACCOUNT") == ""
    monkeypatch.setenv("CS_ACCOUNT", "AC" + "0" * 32)
    assert env.twilio_account("CS_ACCOUNT") == "AC" + "0" * 32


def test_a_project_and_a_secret_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in (env.openai_project, env.webhook_secret):
        monkeypatch.delenv("CS_O", raising=False)
        assert reader("CS_O") == ""
    monkeypatch.setenv("CS_O", "proj_Abc123")
    assert env.openai_project("CS_O") == "proj_Abc123"
    monkeypatch.setenv("CS_O", "whsec_c2VjcmV0")
    assert env.webhook_secret("CS_O") == "whsec_c2VjcmV0"


@pytest.mark.parametrize("value", ["c2VjcmV0", "whsec_", "whsec_not base64!"])
def test_a_secret_that_is_none_is_refused_without_being_told(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CS_S", value)

    with pytest.raises(ImproperlyConfigured) as caught:
        env.webhook_secret("CS_S")

    assert str(caught.value) == "CS_S: write whsec_ and what follows it, as it was shown once"


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (env.openai_project, "Default project"),
        (env.web_address, "127.0.0.1:25000"),
        (env.web_address, "ftp://host"),
        (env.twilio_account, "SK" + "0" * 32),
        (env.twilio_account, "AC123"),
    ],
)
def test_wrong_addresses_and_accounts_are_refused_by_name(
    reader: Callable[[str], str], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CS_X", value)
    with pytest.raises(ImproperlyConfigured, match="CS_X="):
        reader("CS_X")


def test_prices_of_openai_are_the_published_ones_until_a_file_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert env.openai_prices("CS_P") == published_prices()
    own = tmp_path / "prices.toml"
    own.write_text(PUBLISHED.read_text().split("\n\n")[1].replace('"64.00"', "48"))
    monkeypatch.setenv("CS_P", str(own))
    prices = env.openai_prices("CS_P")
    assert prices["gpt-realtime-2.1"].audio_out == 48
    assert prices["gpt-realtime-2"].audio_out == 64


@pytest.mark.parametrize("content", [None, b"=", b"\xff"])
def test_a_file_of_prices_that_cannot_be_read_stops_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    own = tmp_path / "prices.toml"
    if content is not None:
        own.write_bytes(content)
    monkeypatch.setenv("CS_P", str(own))
    with pytest.raises(ImproperlyConfigured, match="CS_P="):
        env.openai_prices("CS_P")
