"""What carriers publish about connecting to them: one TOML file each, read strictly.

The folder is `CARRIER_PRESETS` of the settings; docs/carriers.md says what a file holds. Facts change, so
each names its source, when it was seen and how far it can be trusted. Nothing here touches a trunk.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from enum import StrEnum
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from django.conf import settings

from callsphere.sip.uri import SipUriError, parse_gateway_uri
from trunks.enums import Authentication, NumberFormat, Transport
from trunks.number_format import RULE_FIELDS

ACCOUNT = "{account}"
DEFAULT_PORTS = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061}
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
T = TypeVar("T")


class PresetError(ValueError):
    """A preset file that cannot be used. The text names file, place and mistake."""


class Confidence(StrEnum):
    """How far a fact can be trusted."""

    STRONG = "strong"  # the carrier's own page or machine-readable list
    WEAK = "weak"  # somebody else says so: a draft, to be compared with the carrier's page first


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts were read."""

    title: str
    seen: date
    confidence: Confidence
    url: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A region or site of the carrier. `host` may hold {account}, which each customer replaces."""

    key: str
    name: str
    host: str
    source: str


@dataclass(frozen=True, slots=True)
class Way:
    """A transport that the carrier takes, and the port there; None where DNS or the transport says."""

    transport: Transport
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Addresses of the carrier's. Without a place they serve all; `since`: the version that brought them."""

    cidr: str
    source: str
    place: str = ""
    since: int = 1


@dataclass(frozen=True, slots=True)
class Retired:
    """Something that the carrier gave up in version `since`: a network, or a host and what replaces it."""

    since: int
    cidr: str = ""
    host: str = ""
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the carrier demands of numbers; None where nothing is known."""

    source: str
    since: int = 1
    dial_format: NumberFormat | None = None
    caller_id_format: NumberFormat | None = None
    sends_asserted_identity: bool | None = None


@dataclass(frozen=True, slots=True)
class CarrierPreset:
    """A carrier. `authentication` holds alternatives, each a set of methods that are used together."""

    key: str
    name: str
    version: int
    confidence: Confidence
    sources: dict[str, Source]
    authentication: tuple[tuple[Authentication, ...], ...] = ()
    # Set when a host holds {account}: what the carrier calls it.
    account_label: str = ""
    # Calls may come from every place, whichever the customer calls.
    every_place: bool = False
    media_ports: str = ""
    quirks: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    transports: tuple[Way, ...] = ()
    signalling: tuple[Network, ...] = ()
    media: tuple[Network, ...] = ()
    retired: tuple[Retired, ...] = ()
    numbers: Numbers | None = field(default=None)

    @property
    def is_draft(self) -> bool:
        """Whether it may only be read, until somebody has compared it with the carrier's own page."""
        return self.confidence == Confidence.WEAK

    @property
    def seen(self) -> date:
        """When its newest source was read."""
        return max(source.seen for source in self.sources.values())

    def is_weak(self, network: Network) -> bool:
        """Whether somebody other than the carrier says so."""
        return self.sources[network.source].confidence == Confidence.WEAK

    def signalling_of(self, place: str) -> list[Network]:
        """Return the networks from which calls come when the customer uses this place."""
        return [each for each in self.signalling if self.every_place or each.place in ("", place)]

    def number_fields(self) -> dict[str, Any]:
        """Return what it demands of numbers, by field of the trunk."""
        values = {name: getattr(self.numbers, name, None) for name in RULE_FIELDS}
        return {name: value for name, value in values.items() if value is not None}


def account_in(host: str, pattern: str) -> str | None:
    """Return what stands for {account} in a host ("" if the pattern has none); None for another host."""
    if ACCOUNT not in pattern:
        return "" if host == pattern else None
    before, _account, after = pattern.partition(ACCOUNT)
    if not (host.startswith(before) and host.endswith(after)):
        return None
    return host[len(before) : len(host) - len(after)] or None


def carrier_presets() -> dict[str, CarrierPreset]:
    """Return every preset by key, in the order of their names. Raises PresetError."""
    return read_folder(Path(settings.CARRIER_PRESETS))


@cache
def read_folder(folder: Path) -> dict[str, CarrierPreset]:
    """Read a folder of presets once. Raises PresetError."""
    found = [read_preset(path.stem, path.read_text()) for path in sorted(folder.glob("*.toml"))]
    return {preset.key: preset for preset in sorted(found, key=lambda preset: preset.name.lower())}


def read_preset(key: str, text: str) -> CarrierPreset:
    """Read one preset; `key` is the name of its file. Raises PresetError."""
    try:
        table = tomllib.loads(text)
        preset = _built(CarrierPreset, {"key": key, **table}, "")
        _check(preset)
    except (tomllib.TOMLDecodeError, PresetError) as error:
        raise PresetError(f"{key}.toml: {error}") from None
    return preset


def _built(cls: type[T], table: Any, where: str) -> T:
    """Make a dataclass of a table: every key known, none missing, each of its type."""
    if not isinstance(table, dict):
        raise PresetError(f"{where}: write a table.")
    known = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]  # T is one of ours
    hints = get_type_hints(cls)
    for name in table:
        if name not in known:
            raise PresetError(f"{_path(where, name)}: unknown; known are {', '.join(known)}.")
    for name, each in known.items():
        if name not in table and each.default is MISSING and each.default_factory is MISSING:
            raise PresetError(f"{_path(where, name)}: missing.")
    return cls(**{name: _value(hints[name], value, _path(where, name)) for name, value in table.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise PresetError(f"{where}: write a list.")
        return tuple(_value(get_args(hint)[0], each, f"{where}[{index}]") for index, each in enumerate(value))
    if get_origin(hint) is dict:
        return {name: _value(get_args(hint)[1], each, _path(where, name)) for name, each in value.items()}
    # "X | None" is X: what is not known is left out.
    kind = next((each for each in get_args(hint) if each is not type(None)), hint)
    if hasattr(kind, "__dataclass_fields__"):
        return _built(kind, value, where)
    if issubclass(kind, str) and kind is not str:
        return _choice(kind, value, where)
    if type(value) is not kind:
        raise PresetError(f"{where}: write a {kind.__name__}, not {value!r}.")
    return value


def _choice(kind: Any, value: Any, where: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise PresetError(f"{where}: choose one of {', '.join(each.value for each in kind)}.") from None


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _check(preset: CarrierPreset) -> None:
    """Raise PresetError for facts that contradict each other."""
    if not _KEY.fullmatch(preset.key):
        raise PresetError("name the file in lower-case letters, digits and hyphens.")
    if not preset.sources:
        raise PresetError("sources: name at least one.")
    places = {place.key for place in preset.places}
    facts: list[Any] = [*preset.places, *preset.signalling, *preset.media]
    for fact in [*facts, *([preset.numbers] if preset.numbers else [])]:
        if fact.source not in preset.sources:
            raise PresetError(f"source {fact.source!r} of {fact} is not among the sources.")
    for network in [*preset.signalling, *preset.media]:
        _check_cidr(network.cidr)
        if network.place not in {"", *places}:
            raise PresetError(f"{network.cidr}: there is no place {network.place!r}.")
    _check_hosts(preset)
    _check_retired(preset)
    dated: list[Any] = [*preset.signalling, *preset.media, *preset.retired]
    since = [each.since for each in dated]
    if max([1, *since, preset.numbers.since if preset.numbers else 1]) > preset.version:
        raise PresetError("version: raise it to the newest `since`.")


def _check_hosts(preset: CarrierPreset) -> None:
    for host in [place.host for place in preset.places] + [each.replacement for each in preset.retired]:
        if host:
            _check_host(preset, host)


def _check_retired(preset: CarrierPreset) -> None:
    for fact in preset.retired:
        if bool(fact.cidr) == bool(fact.host and fact.replacement):
            raise PresetError("retired: name a cidr, or a host and its replacement.")
        if fact.cidr:
            _check_cidr(fact.cidr)
        if fact.cidr in {network.cidr for network in preset.signalling}:
            raise PresetError(f"{fact.cidr}: is retired and in use.")


def _check_cidr(cidr: str) -> None:
    try:
        network = ip_network(cidr)
    except ValueError as error:
        raise PresetError(f"{cidr}: {error}.") from None
    if str(network) != cidr:
        raise PresetError(f"{cidr}: write {network}.")


def _check_host(preset: CarrierPreset, host: str) -> None:
    if ACCOUNT in host and not preset.account_label:
        raise PresetError("account_label: say what the carrier calls {account}.")
    try:
        parse_gateway_uri(f"sip:{host.replace(ACCOUNT, 'account')}")
    except SipUriError as error:
        raise PresetError(f"{host}: {error}") from None
