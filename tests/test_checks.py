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


@pytest.mark.parametrize(
    ("secure", "base_url", "found"),
    [(True, ADDRESS, ["callsphere.W003"]), (True, "", []), (False, ADDRESS, [])],
)
def test_double_on_a_public_service(settings: Any, secure: bool, base_url: str, found: list[str]) -> None:
    settings.SECURE, settings.TWILIO_BASE_URL = secure, base_url

    assert [each.id for each in checks.check_twilio_is_real(None)] == found
