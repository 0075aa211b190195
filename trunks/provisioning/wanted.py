"""What Twilio should have of a trunk, worked out of the trunk's own rows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network
from typing import cast

from django.utils.crypto import salted_hmac

from callsphere.lib.crypto import SecretUnreadable
from callsphere.providers.twilio import elastic_trunks
from callsphere.providers.twilio.access_lists import SipCredential
from callsphere.providers.twilio.byoc import ByocSettings, Target
from callsphere.providers.twilio.elastic_trunks import ElasticSettings
from callsphere.providers.twilio.sip_domains import DomainSettings
from tenants.keys import reveal
from trunks.enums import Authentication, CredentialDirection, Direction, NumberState, ProvisionKind
from trunks.models import DigestCredential, Gateway, Trunk, TrunkNumber, TrunkProvision
from trunks.numbers.intake import trunk_voice_urls
from trunks.provisioning import notes
from trunks.provisioning.notes import Note

_SALT = "trunks.provisioning.password"
_STRONG = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z]).{12,}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Twilio should have. None: nothing of that kind. Ids of Twilio's own stay empty in the settings.

    `targets` are the origination URLs of an Elastic SIP trunk as well; `numbers` maps its ids to numbers.
    `fingerprint` names all of it, passwords included, without telling any.
    """

    name: str
    networks: frozenset[IPv4Network] | None = None
    credentials: Mapping[str, SipCredential] | None = None
    password_hashes: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] | None = None
    domain: DomainSettings | None = None
    byoc_trunk: ByocSettings | None = None
    elastic: ElasticSettings | None = None
    numbers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    fingerprint: str = ""

    @property
    def domain_name(self) -> str:
        """The name that must be free in all of Twilio."""
        settings = self.domain or self.elastic
        return settings.domain_name if settings else ""


def read_wanted(row: TrunkProvision) -> Wanted:
    """Work out what Twilio should have. Call it inside the tenant's context, for a trunk that is there."""
    trunk = Trunk.objects.get(pk=row.pk)
    comes_in = trunk.direction != Direction.OUTBOUND
    goes_out = trunk.direction != Direction.INBOUND
    gateways = list(Gateway.objects.filter(trunk=trunk, is_enabled=True)) if goes_out else []
    networks = _networks(trunk) if comes_in else None
    credentials, left_out = _credentials(trunk) if comes_in else (None, [])
    hashes = {name: password_hash(row, each) for name, each in (credentials or {}).items()}
    targets = tuple(target_of(each, trunk) for each in gateways if ":" not in each.host)
    elastic = row.kind == ProvisionKind.ELASTIC
    numbers = {each.phone_number.provider_sid: each.phone_number.number for each in _numbers(row)}
    return Wanted(
        name=row.name,
        networks=networks,
        credentials=credentials,
        password_hashes=hashes,
        targets=tuple(sorted(targets, key=lambda each: (each.priority, each.uri))) if goes_out else None,
        domain=_domain(row) if comes_in and not elastic else None,
        byoc_trunk=_byoc_trunk(row) if goes_out and not elastic else None,
        elastic=_elastic(row) if elastic else None,
        numbers=numbers if elastic else {},
        notes=(*notes.notes_on(row, trunk, gateways, networks, credentials), *left_out),
        fingerprint=_fingerprint(row, trunk, networks, hashes, targets, numbers),
    )


def password_hash(row: TrunkProvision, credential: SipCredential) -> str:
    """Return what is remembered of a password that was put at Twilio, which never tells it."""
    text = json.dumps([str(row.pk), credential.username, credential.password])
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()


def is_strong(password: str) -> bool:
    """Whether Twilio takes a password: 12 characters or more, with a digit, a small and a capital letter."""
    return _STRONG.fullmatch(password) is not None


def target_of(gateway: Gateway, trunk: Trunk) -> Target:
    """Return a gateway as Twilio is told of it, which knows no `sips:`."""
    scheme, _, rest = gateway.uri.partition(":")
    uri = gateway.uri if scheme == "sip" else f"sip:{rest};transport=tls"
    return Target(uri, gateway.priority, gateway.weight, trunk.is_enabled)


def _networks(trunk: Trunk) -> frozenset[IPv4Network] | None:
    chosen = _asks_for(trunk)
    rows = [ip_network(each.cidr) for each in trunk.allowed_networks.all()]
    if Authentication.IP_ALLOWLIST not in chosen and (chosen or not rows):
        return None
    return frozenset(each for each in rows if isinstance(each, IPv4Network))


def _credentials(trunk: Trunk) -> tuple[dict[str, SipCredential] | None, list[Note]]:
    """Return what callers may sign in with, and which of the trunk's passwords Twilio does not take."""
    chosen = _asks_for(trunk)
    if chosen and Authentication.DIGEST not in chosen:
        return None, []
    found: dict[str, SipCredential] = {}
    left_out: list[Note] = []
    rows = DigestCredential.objects.filter(trunk=trunk, direction=CredentialDirection.INBOUND)
    for row in rows.order_by("created_at", "id"):
        password = _password(row)
        if not password:
            left_out.append(notes.password_missing(row.username))
        elif not is_strong(password):
            left_out.append(notes.password_weak(row.username))
        elif row.username in found:
            left_out.append(notes.name_twice(row.username))
        else:
            found[row.username] = SipCredential(row.username, password)
    return found or None, left_out


def _password(row: DigestCredential) -> str:
    try:
        return reveal(row, "secret") if row.secret is not None else ""
    except SecretUnreadable:
        return ""


def _asks_for(trunk: Trunk) -> set[Authentication]:
    """Return which of the two ways that Twilio knows the trunk names; none: whatever it has is used."""
    return {Authentication.IP_ALLOWLIST, Authentication.DIGEST} & set(trunk.authentication)


def _numbers(row: TrunkProvision) -> list[TrunkNumber]:
    rows = row.numbers.select_related("phone_number")
    return list(rows.filter(phone_number__state=NumberState.ACTIVE))


def _domain(row: TrunkProvision) -> DomainSettings:
    urls = trunk_voice_urls(row.pk)
    return DomainSettings(
        row.domain_name, row.name, urls.voice, urls.voice_fallback, urls.status_callback, row.secure
    )


def _byoc_trunk(row: TrunkProvision) -> ByocSettings:
    urls = trunk_voice_urls(row.pk)
    return ByocSettings(row.name, urls.voice, urls.voice_fallback, urls.status_callback)


def _elastic(row: TrunkProvision) -> ElasticSettings:
    mode = cast(elastic_trunks.TransferMode, row.transfer_mode)
    return ElasticSettings(row.name, row.domain_name, row.secure, mode)


def _fingerprint(
    row: TrunkProvision,
    trunk: Trunk,
    networks: frozenset[IPv4Network] | None,
    hashes: Mapping[str, str],
    targets: tuple[Target, ...],
    numbers: Mapping[str, str],
) -> str:
    """The domain's name is left out: while it is made up, a taken one is replaced by the next."""
    said = [
        *(row.kind, row.domain_label, row.secure, row.transfer_mode, trunk.direction),
        None if networks is None else sorted(map(str, networks)),
        sorted(hashes.items()),
        [[each.uri, each.priority, each.weight, each.enabled] for each in targets],
        sorted(numbers),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
