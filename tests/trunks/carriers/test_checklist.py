"""What to enter at the carrier."""

from __future__ import annotations

import pytest

from trunks.carriers.checklist import Item, carrier_side, contact_of

OURS = ["203.0.113.10/32", "2001:db8::/64"]


@pytest.mark.parametrize(
    ("advertised", "sources", "contact"),
    [
        ("sip.example.com", OURS, "sip.example.com"),
        ("", ["203.0.113.10/32"], "203.0.113.10"),
        ("", ["203.0.113.10"], "203.0.113.10"),
        ("", ["2001:db8::1/128"], "[2001:db8::1]"),
        ("2001:db8::1", [], "[2001:db8::1]"),
        ("", ["203.0.113.10/32", "203.0.113.11/32"], ""),  # which of them, nobody said
        ("", ["203.0.113.0/24"], ""),
        ("", [], ""),
    ],
)
def test_where_calls_are_sent(advertised: str, sources: list[str], contact: str) -> None:
    assert contact_of(advertised, sources) == contact


def items(**changes: object) -> dict[str, Item]:
    given: dict[str, object] = {
        "direction": "both",
        "authentication": ["ip_allowlist"],
        "transports": ["tls"],
        "caller_id_format": "e164",
        "sources": OURS,
        "contact": "sip.example.com",
        **changes,
    }
    return {item.label: item for item in carrier_side(**given)}  # type: ignore[arg-type]  # a dict of all kinds


def test_a_fixed_address() -> None:
    found = items()
    assert [item.copies for item in found.values() if item.copies] == [
        tuple(OURS),
        ("sip:sip.example.com;transport=tls",),
    ]
    assert (
        found["Authentication"].text == "By IP address: our addresses above. No user name, no registration."
    )
    assert found["Caller id that we send"].text == (
        "International without +, such as 4930901820. It must be a number that you may show."
    )


def test_the_transport_is_that_of_the_gateways() -> None:
    texts = {text: items(transports=text.split())["Transport"].text for text in ("udp", "tcp udp tcp")}
    assert texts == {"udp": "UDP.", "tcp udp tcp": "TCP or UDP."}
    assert "Transport" not in items(transports=[])
    assert "sip:sip.example.com" in [
        value for item in items(transports=["udp"]).values() for value in item.copies
    ]


def test_a_registration_needs_no_address_of_ours() -> None:
    found = items(authentication=["registration"])
    assert [item.copies for item in found.values() if item.copies] == [tuple(OURS)]
    assert found["Where it sends calls to you"].text == (
        "The registered user. Enter no address: our registration tells where we are (Contact)."
    )


def test_only_what_the_direction_needs() -> None:
    inbound, outbound = items(direction="inbound"), items(direction="outbound")
    assert set(outbound) - set(inbound) == {"Caller id that we send"}
    assert set(inbound) - set(outbound) == {"Where it sends calls to you (“origination URI”, “SIP URI”)"}


def test_what_the_operator_has_not_named_is_said() -> None:
    found = items(sources=[], contact="")
    assert [item.copies for item in found.values()] == [()] * len(found)
    texts = " ".join(item.text for item in found.values())
    assert "SIP_SOURCE_ADDRESSES" in texts
    assert "SIP_ADVERTISED_HOST" in texts


def test_nothing_chosen_yet() -> None:
    assert items(authentication=[])["Authentication"].text == "Nothing chosen yet: see what it offers."
