"""How the audit log speaks of trunks and what belongs to them, and where it leads."""

import uuid

from django.db.models import Model
from django.urls import reverse

from tenants.audit_lines import FindUrls, Kind, add_kind, add_sentences
from tenants.models import Tenant
from trunks.enums import Authentication
from trunks.models import (
    AllowedNetwork,
    ClientCertificate,
    DigestCredential,
    Gateway,
    HealthPolicy,
    PhoneNumber,
    ProviderAccount,
    Registration,
    SessionTimerPolicy,
    Trunk,
    TrunkProvision,
    TrustedAuthority,
)

_AUTHENTICATION = {str(value): str(label) for value, label in Authentication.choices}
_SENTENCES = {
    "ordered": "ordered the {noun} {name}",
    "bought": "bought the {noun} {name}",
    "purchase_failed": "could not buy the {noun} {name}",
    "release_requested": "asked for the release of the {noun} {name}",
    "released": "released the {noun} {name}",
    "verification_called": "had the {noun} {name} called to verify it",
    "verified": "verified the {noun} {name}",
    "verification_withdrawn": "withdrew the verification of the {noun} {name}",
    "emergency_address_set": "set the emergency address of the {noun} {name}",
    "look_requested": "asked for a look at the {noun} {name}",
    "changed_outside": "found the {noun} {name} changed at the operator",
    "tried_again": "had the work on the {noun} {name} tried again",
    "provision.set_up": "made a plan for the {noun} {name}",
    "provision.look_requested": "asked for a look at the {noun} {name}",
    "provision.apply_requested": "had a plan applied to the {noun} {name}",
    "provision.applied": "applied a plan to the {noun} {name}",
    "provision.taken": "took over what Twilio has of the {noun} {name}",
    "provision.switched_off": "switched off the {noun} {name}",
    "provision.removed": "removed the {noun} {name}",
    "provision.drifted": "found changes at Twilio to the {noun} {name}",
    "provision.failed": "could not apply a plan to the {noun} {name}",
    "provision.undone": "undid the {noun} {name}, which had failed",
    "provision.number_attached": "put a number on the {noun} {name}",
    "provision.number_detached": "took a number off the {noun} {name}",
    "made": "opened the {noun} {name}",
    "provider_account.closed": "closed the {noun} {name}",
}


def add_kinds() -> None:
    """Teach the log every kind of object that this app's services change."""
    add_kind(Kind(Trunk, "trunk", "trunks", _find_trunks, values=_AUTHENTICATION))
    add_kind(Kind(Gateway, "gateway", "gateways", _find_gateways))
    add_kind(
        Kind(
            AllowedNetwork,
            "allowed network",
            "allowed networks",
            _on_trunk_page(AllowedNetwork, "access"),
            labels={"wide_confirmed": "Wide network confirmed"},
        )
    )
    add_kind(Kind(DigestCredential, "credential", "credentials", _on_trunk_page(DigestCredential, "access")))
    find_registrations = _on_trunk_page(Registration, "registration")
    add_kind(Kind(Registration, "registration", "registrations", find_registrations))
    add_kind(
        Kind(
            TrustedAuthority,
            "authority",
            "authorities",
            _own_page(TrustedAuthority, "authority", "authority_id"),
        )
    )
    add_kind(
        Kind(
            ClientCertificate,
            "client certificate",
            "client certificates",
            _own_page(ClientCertificate, "client-certificate", "certificate_id"),
        )
    )
    add_kind(Kind(PhoneNumber, "phone number", "phone numbers", _find_numbers))
    add_kind(Kind(TrunkProvision, "set-up at Twilio", "set-ups at Twilio"))
    add_kind(Kind(ProviderAccount, "account for phone numbers", "accounts for phone numbers", _find_accounts))
    add_sentences(_SENTENCES)
    add_kind(Kind(HealthPolicy, "health checks", "health checks", _on_trunk_page(HealthPolicy, "policy")))
    add_kind(
        Kind(
            SessionTimerPolicy,
            "session timers",
            "session timers",
            _on_trunk_page(SessionTimerPolicy, "session-timers"),
        )
    )


def _find_trunks(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = Trunk.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
    return {pk: _url("detail", tenant, trunk_id=pk) for pk in rows}


def _find_gateways(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = Gateway.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", "trunk_id")
    return {pk: _url("gateway-detail", tenant, trunk_id=trunk, gateway_id=pk) for pk, trunk in rows}


def _find_numbers(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = PhoneNumber.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
    return {pk: reverse("numbers:detail", kwargs={"tenant": tenant.slug, "number_id": pk}) for pk in rows}


def _find_accounts(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = ProviderAccount.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
    return dict.fromkeys(rows, reverse("numbers:list", kwargs={"tenant": tenant.slug}))


def _own_page(model: type[Model], page: str, name: str) -> FindUrls:
    def find(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
        rows = model._default_manager.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
        return {pk: _url(f"{page}-detail", tenant, **{name: pk}) for pk in rows}

    return find


def _on_trunk_page(model: type[Model], page: str) -> FindUrls:
    def find(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
        rows = model._default_manager.filter(tenant=tenant, pk__in=ids).values_list("pk", "trunk_id")
        return {pk: _url(page, tenant, trunk_id=trunk) for pk, trunk in rows}

    return find


def _url(name: str, tenant: Tenant, **ids: uuid.UUID) -> str:
    return reverse(f"trunks:{name}", kwargs={"tenant": tenant.slug, **ids})
