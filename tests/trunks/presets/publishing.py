"""Carriers of the tests' own, whose facts change when a test says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BASE = """
name = "Example Telecom"
confidence = "strong"
authentication = [["ip_allowlist"], ["digest"]]
account_label = "Trunk"

[sources.page]
title = "Set-up page"
seen = 2026-11-22
confidence = "strong"

[sources.rumour]
title = "A forum"
seen = 2026-11-22
confidence = "weak"

[[transports]]
transport = "tls"
port = 5061

[[transports]]
transport = "tcp"
port = 5070

[[places]]
key = "eu"
name = "Europe"
host = "{account}.eu.example.com"
source = "page"

[[places]]
key = "us"
name = "USA"
host = "us.example.com"
source = "page"

[[signalling]]
cidr = "203.0.113.0/28"
place = "eu"
source = "page"

[[signalling]]
cidr = "203.0.113.16/28"
place = "us"
source = "page"

[[signalling]]
cidr = "198.51.100.0/28"
source = "rumour"
"""
FIRST = "version = 1\n" + BASE
# The European host and its network are replaced, another network is new, and numbers have a form.
SECOND = (
    "version = 2\n"
    + BASE.replace(".eu.example.com", ".europe.example.com").replace(
        'cidr = "203.0.113.0/28"\nplace = "eu"\nsource = "page"',
        'cidr = "192.0.2.0/28"\nplace = "eu"\nsource = "page"\nsince = 2',
    )
    + """
[[retired]]
since = 2
cidr = "203.0.113.0/28"

[[retired]]
since = 2
host = "{account}.eu.example.com"
replacement = "{account}.europe.example.com"

[numbers]
source = "page"
since = 2
dial_format = "e164"
"""
)


def publish(settings: Any, folder: Path, text: str) -> None:
    """Let the carrier say this from now on."""
    place = folder / f"facts-{len(list(folder.iterdir()))}"
    place.mkdir()
    (place / "example.toml").write_text(text)
    settings.CARRIER_PRESETS = place
