"""What the agent is told about one contact."""

from __future__ import annotations

import pytest

from callsphere.outbound.campaigns.briefs import fill_in, placeholders


@pytest.mark.parametrize(
    ("template", "brief"),
    [
        ("Call {name} about {offer}.", "Call Jo about a roof."),
        ("Call { Name } about {OFFER}.", "Call Jo about a roof."),
        ("It costs {price}.", "It costs ."),
        ("{name.__class__} {0} {}", "{}"),
        ("No placeholder", "No placeholder"),
        ("{hint}", "{name}"),
    ],
)
def test_a_brief_is_filled_in(template: str, brief: str) -> None:
    assert fill_in(template, "Jo", {"offer": "a roof", "hint": "{name}"}) == brief


def test_a_brief_is_as_long_as_an_agent_takes() -> None:
    assert len(fill_in("{text}" * 10, "", {"text": "x" * 500})) == 2_000


def test_placeholders_are_named() -> None:
    assert placeholders("{name} {Offer} { offer } {} {a\nb}") == {"name", "offer"}
