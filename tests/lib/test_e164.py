"""Telephone numbers as E.164 writes them, and as people do."""

from __future__ import annotations

import pytest

from callsphere.lib.e164 import as_written, is_e164


@pytest.mark.parametrize("text", ["+14155550100", "+4930901820", "+1234567", "+" + "9" * 15])
def test_numbers(text: str) -> None:
    assert is_e164(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "14155550100",
        "+04155550100",
        "+123456",
        "+" + "9" * 16,
        "+1415555010\n",
        "+1415555010\u0663",
        " +14155550100",
    ],
)
def test_what_is_none(text: str) -> None:
    assert not is_e164(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("+14155550100", "+1 415-555-0100"),
        ("+4930901820", "+49 30 901820"),
        ("sip:anna@example.com", "sip:anna@example.com"),
        ("", ""),
    ],
)
def test_as_people_write_them(text: str, written: str) -> None:
    assert as_written(text) == written
