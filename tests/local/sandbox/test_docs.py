"""What is said about the sandbox is made from what runs."""

from __future__ import annotations

import pytest

from callsphere.local.paths import ROOT
from callsphere.local.sandbox.carriers import CARRIERS, FIRST_PORT, PASSWORD, USERNAME
from callsphere.local.sandbox.cases import CASES, PARTS
from callsphere.local.sandbox.listing import commands, overview, table


@pytest.mark.parametrize("part", PARTS)
def test_the_tables_of_the_docs_are_up_to_date(part: str) -> None:
    # `python -m callsphere.local.sandbox --tables` prints them.
    text = (ROOT / "docs" / "sandbox.md").read_text()
    section = text.partition(f"## {part}\n\n")[2]
    assert section.startswith(table(PARTS[part], FIRST_PORT))


def test_the_docs_name_the_password() -> None:
    text = (ROOT / "docs" / "sandbox.md").read_text()
    assert f"export CALLSPHERE_SIP_PASSWORD={PASSWORD}  " in text
    assert f"the user {USERNAME}," in text


def test_the_overview_names_every_carrier_by_its_port() -> None:
    text = " ".join(line.strip() for line in overview(20000))
    found = [each for part in ("reaching", "signing in", "calling") for each in text.split(f"{part}: ")[1:]]
    assert len(found) == 3
    for carrier in CARRIERS:
        assert f" {20000 + carrier.listeners[0].offset} {carrier.name}" in text


def test_the_list_has_every_command() -> None:
    lines = list(commands(20000))
    assert [line for line in lines if line.startswith("sip ")] == [
        f"sip {case.command(20000, case.listeners[0])}" for case in CASES
    ]
    assert f"sip check sip:127.0.0.1:20000 --allow-private --call {100}" in lines
