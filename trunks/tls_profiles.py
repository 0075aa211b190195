"""What gateways trust and show over TLS, ready for the SIP library. Keys are in clear here, and nowhere else.

Profiles are made anew for each batch; the engines know equal ones again. Call all of this in the platform's
context: it looks across tenants.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings

from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.transport.trusts import usable_trust
from callsphere.sip.uri import SipUri, SipUriError
from tenants.keys import reveal_all
from trunks.enums import Transport
from trunks.models import ClientCertificate, Gateway, TrustedAuthority


class Choice(NamedTuple):
    """What was chosen for a gateway, by id."""

    tenant_id: uuid.UUID
    authority_id: uuid.UUID | None
    certificate_id: uuid.UUID | None


def profiles_of(choices: Iterable[Choice]) -> dict[Choice, TlsProfile]:
    """Return the profile of each choice that names anything. Three queries for any number of them.

    A key that cannot be opened is left out, and the profile refused when it is used.
    """
    wanted = {each for each in choices if each.authority_id or each.certificate_id}
    if not wanted:
        return {}
    authorities = TrustedAuthority.objects.in_bulk(
        {each.authority_id for each in wanted if each.authority_id}
    )
    shown = ClientCertificate.objects.in_bulk({each.certificate_id for each in wanted if each.certificate_id})
    keys = reveal_all(shown.values(), "secret")
    return {each: _profile(each, authorities, shown, keys) for each in wanted}


def _profile(
    choice: Choice,
    authorities: dict[uuid.UUID, TrustedAuthority],
    shown: dict[uuid.UUID, ClientCertificate],
    keys: dict[uuid.UUID, str],
) -> TlsProfile:
    authority = authorities.get(choice.authority_id) if choice.authority_id else None
    certificate = shown.get(choice.certificate_id) if choice.certificate_id else None
    return TlsProfile(
        scope=str(choice.tenant_id),
        authorities=authority.certificates if authority else "",
        chain=certificate.certificates if certificate else "",
        private_key=keys.get(certificate.pk, "") if certificate else "",
    )


def choice_of(gateway: Gateway) -> Choice:
    """Return what was chosen for a gateway."""
    return Choice(gateway.tenant_id, gateway.trusted_authority_id, gateway.client_certificate_id)


def choices_at(places: Iterable[tuple[uuid.UUID, str]]) -> dict[tuple[uuid.UUID, str], Choice]:
    """Return what is chosen for the gateways that (trunk, URI) lead to: registrars, targets of calls.

    A registrar has no certificates of its own: those of the trunk's TLS gateway at the same host count, of
    several the one at the same port, then the one tried first.
    """
    wanted = set(places)
    gateways = _choosing({trunk_id for trunk_id, _uri in wanted})
    found = {place: _nearest(place[1], gateways.get(place[0], [])) for place in wanted}
    return {place: choice_of(gateway) for place, gateway in found.items() if gateway is not None}


def _choosing(trunk_ids: set[uuid.UUID]) -> dict[uuid.UUID, list[Gateway]]:
    rows = Gateway.objects.filter(trunk__in=trunk_ids, transport=Transport.TLS)
    by_trunk: dict[uuid.UUID, list[Gateway]] = {}
    for gateway in rows:
        by_trunk.setdefault(gateway.trunk_id, []).append(gateway)
    return by_trunk


def _nearest(text: str, gateways: list[Gateway]) -> Gateway | None:
    try:
        uri = SipUri.parse(text)
    except SipUriError:
        return None
    same = [each for each in gateways if each.host.lower() == uri.host.lower()]
    return min(same, key=lambda each: each.port != uri.port, default=None)


def trust_of(profile: TlsProfile | None) -> TlsTrust:
    """Return the TLS context of a profile, or the operator's. Raises TlsFailure."""
    ca_file = settings.SIP_CA_FILE or None
    return TlsTrust(ca_file) if profile is None else usable_trust(ca_file, profile)
