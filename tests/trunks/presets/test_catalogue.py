"""The preset files: all of ours can be read, and mistakes in one are named."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from trunks.access.services.networks import parse_network
from trunks.presets.catalogue import Confidence, PresetError, account_in, carrier_presets, read_preset
from trunks.presets.checks import check_presets

GOOD = """
name = "Example"
version = 2
confidence = "strong"
authentication = [["ip_allowlist", "digest"]]
account_label = "Trunk"

[sources.page]
title = "Set-up"
seen = 2026-11-22
confidence = "strong"

[[transports]]
transport = "tls"
port = 5061

[[places]]
key = "eu"
name = "Europe"
host = "{account}.eu.example.com"
source = "page"

[[signalling]]
cidr = "203.0.113.0/24"
place = "eu"
source = "page"
since = 2

[numbers]
source = "page"
dial_format = "e164"
"""


def test_a_preset_is_read() -> None:
    preset = read_preset("example", GOOD)
    assert (preset.key, preset.version, preset.is_draft, preset.seen.isoformat()) == (
        "example",
        2,
        False,
        "2026-11-22",
    )
    assert preset.authentication == (("ip_allowlist", "digest"),)
    assert preset.number_fields() == {"dial_format": "e164"}
    assert [each.cidr for each in preset.signalling_of("eu")] == ["203.0.113.0/24"]
    assert preset.signalling_of("us") == []


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("version = 2", "version = ", "Invalid value (at line 3, column 11)"),
        ("version = 2\n", "", "version: missing."),
        ("version = 2", 'version = "2"', "version: write a int, not '2'."),
        ("version = 2", "version = true", "version: write a int, not True."),
        ('name = "Example"', 'name = "Example"\nhost = "x"', "host: unknown; known are key, name, version,"),
        (
            'confidence = "strong"\nauth',
            'confidence = "sure"\nauth',
            "confidence: choose one of strong, weak.",
        ),
        ('[["ip_allowlist", "digest"]]', '["digest"]', "authentication[0]: write a list."),
        (
            '[["ip_allowlist", "digest"]]',
            '[["magic"]]',
            "authentication[0][0]: choose one of ip_allowlist, digest, registration.",
        ),
        ('key = "eu"\n', "", "places[0].key: missing."),
        ('transport = "tls"', 'transport = "sctp"', "transports[0].transport: choose one of udp, tcp, tls."),
        ("203.0.113.0/24", "203.0.113.1/24", "203.0.113.1/24: 203.0.113.1/24 has host bits set."),
        ("203.0.113.0/24", "203.0.113.1", "203.0.113.1: write 203.0.113.1/32."),
        ('place = "eu"', 'place = "us"', "203.0.113.0/24: there is no place 'us'."),
        ('account_label = "Trunk"\n', "", "account_label: say what the carrier calls {account}."),
        ("{account}.eu.example.com", "eu_.example..com", "eu_.example..com: "),
        ("since = 2", "since = 3", "version: raise it to the newest `since`."),
        ('[numbers]\nsource = "page"', '[numbers]\nsource = "x"', "source 'x' of Numbers("),
        ("[sources.page]", "[sources.other]", "source 'page' of Place("),
    ],
)
def test_a_mistake_is_named(old: str, new: str, error: str) -> None:
    assert old in GOOD
    with pytest.raises(PresetError) as raised:
        read_preset("example", GOOD.replace(old, new))
    assert str(raised.value).startswith(f"example.toml: {error}")


def test_a_file_has_a_plain_name() -> None:
    with pytest.raises(PresetError, match=r"Example\.toml: name the file in lower-case letters"):
        read_preset("Example", GOOD)


def test_ours_can_all_be_read() -> None:
    presets = carrier_presets()
    assert len(presets) == len(list(Path(settings.CARRIER_PRESETS).glob("*.toml"))) == 20
    assert sorted(key for key, preset in presets.items() if preset.is_draft) == [
        "simwood",
        "sipgate",
        "skyetel",
        "telecomsxchange",
        "voip-ms",
        "voxbone",
    ]


def _holds(outer: str, inner: str) -> bool:
    networks: list[Any] = [ip_network(outer), ip_network(inner)]
    return bool(networks[0].supernet_of(networks[1]))


def test_nothing_of_ours_is_media_and_signalling_at_once() -> None:
    mixed = [
        (preset.key, network.cidr)
        for preset in carrier_presets().values()
        for network in preset.signalling
        if any(_holds(network.cidr, other.cidr) for other in preset.media)
    ]
    assert mixed == []


def test_what_is_offered_can_be_stored() -> None:
    """Every network passes the allowlist's rules, none wide enough to ask for confirmation."""
    for preset in carrier_presets().values():
        for network in preset.signalling:
            assert parse_network(network.cidr).prefixlen >= 24


def test_drafts_have_no_strong_source() -> None:
    for preset in carrier_presets().values():
        strong = [each for each in preset.sources.values() if each.confidence == Confidence.STRONG]
        assert bool(strong) is not preset.is_draft


def test_the_table_in_the_documents_is_that_of_the_files() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "carriers.md").read_text()
    table = re.findall(r"^\| `(\S+)` \| (.+?) \| (\d+) \| (\S+) \| (.*?) \|$", text, re.MULTILINE)
    assert table == [
        (
            preset.key,
            preset.name,
            str(preset.version),
            preset.seen.isoformat(),
            "draft" if preset.is_draft else "",
        )
        for preset in carrier_presets().values()
    ]


def test_a_mistake_stops_the_start(settings: Any, tmp_path: Path) -> None:
    assert check_presets(None) == []
    (tmp_path / "example.toml").write_text("version = 1")
    settings.CARRIER_PRESETS = tmp_path
    assert [error.msg for error in check_presets(None)] == ["Carrier preset example.toml: name: missing."]


@pytest.mark.parametrize(
    ("host", "pattern", "account"),
    [
        ("sip.telnyx.com", "sip.telnyx.com", ""),
        ("sip.telnyx.eu", "sip.telnyx.com", None),
        ("acme.pstn.twilio.com", "{account}.pstn.twilio.com", "acme"),
        (".pstn.twilio.com", "{account}.pstn.twilio.com", None),
        ("acme.example.com", "{account}.pstn.twilio.com", None),
    ],
)
def test_the_customers_part_of_a_host(host: str, pattern: str, account: str | None) -> None:
    assert account_in(host, pattern) == account
