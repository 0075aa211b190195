"""Settings that contradict each other are told before anything starts."""

from typing import Any

import pytest

from callsphere import checks
from callsphere.providers.twilio.account import DOUBLE_PREFIX

DOUBLE, REAL = f"{DOUBLE_PREFIX}{'a' * 24}", "AC" + "9" * 32
ADDRESS = "http://127.0.0.1:25000"


@pytest.mark.parametrize(
    ("account", "token", "base_url", "found"),
    [
        ("", "", "", []),
        ("", "", ADDRESS, []),
        (REAL, "t", "", []),
        (DOUBLE, "t", ADDRESS, []),
        (REAL, "", "", ["callsphere.E003"]),
        ("", "t", "", ["callsphere.E003"]),
        (REAL, "t", ADDRESS, ["callsphere.E004"]),
        (DOUBLE, "t", "", ["callsphere.E004"]),
    ],
)
def test_twilio_account_token_and_double_belong_together(
    settings: Any, account: str, token: str, base_url: str, found: list[str]
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = account, token
    settings.TWILIO_BASE_URL = base_url

    assert [each.id for each in checks.check_twilio(None)] == found


@pytest.mark.parametrize(("length", "found"), [(64, []), (65, ["callsphere.E006"])])
def test_address_that_is_too_long_for_the_tokens_of_streams(
    settings: Any, length: int, found: list[str]
) -> None:
    settings.PUBLIC_URL = "https://".ljust(length, "p")

    assert [each.id for each in checks.check_public_url(None)] == found


@pytest.mark.parametrize(
    ("secure", "base_url", "found"),
    [(True, ADDRESS, ["callsphere.W003"]), (True, "", []), (False, ADDRESS, [])],
)
def test_double_on_a_public_service(settings: Any, secure: bool, base_url: str, found: list[str]) -> None:
    settings.SECURE, settings.TWILIO_BASE_URL = secure, base_url

    assert [each.id for each in checks.check_twilio_is_real(None)] == found


KEYS = ("OPENAI_API_KEY", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (("", "", ""), []),
        (("sk-1", "proj_1", "whsec_MQ=="), []),
        (
            ("sk-1", "", ""),
            ["OPENAI_API_KEY is set, so OPENAI_PROJECT_ID and OPENAI_WEBHOOK_SECRET must be, too"],
        ),
        (("", "proj_1", "whsec_MQ=="), ["OPENAI_PROJECT_ID is set, so OPENAI_API_KEY must be, too"]),
    ],
)
def test_key_project_and_secret_of_openai_belong_together(
    settings: Any, given: tuple[str, str, str], found: list[str]
) -> None:
    for name, value in zip(KEYS, given, strict=True):
        setattr(settings, name, value)

    assert [each.msg for each in checks.check_openai(None)] == found


@pytest.mark.parametrize(
    ("secure", "base_url", "found"),
    [
        (True, ADDRESS, ["callsphere.W003"]),
        (True, "https://eu.api.openai.com", []),
        (True, "", []),
        (False, ADDRESS, []),
    ],
)
def test_double_of_openai_on_a_public_service(
    settings: Any, secure: bool, base_url: str, found: list[str]
) -> None:
    settings.SECURE, settings.OPENAI_BASE_URL = secure, base_url

    assert [each.id for each in checks.check_openai_is_real(None)] == found
