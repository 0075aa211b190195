"""Every address of the product, and what a tenant's viewer and people of other tenants may expect there.

A new address needs one line here, or the isolation tests fail.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from tests.trunks.certificates.papers import make

AUTHORITY = make("Stolen authority", is_authority=True)
CLIENT = make("stolen.example.com", AUTHORITY)


class Viewer(Enum):
    """What a member who may only look gets on a page of their own tenant."""

    LOOKS = "the page, and 403 or 405 for sending its form"
    IS_REFUSED = "403"


PAGES: dict[str, Viewer] = {
    "web:dashboard": Viewer.LOOKS,
    **dict.fromkeys(
        (
            *("billing:cancel", "billing:change", "billing:choose", "billing:invoices", "billing:payment"),
            *("billing:plan", "billing:request", "billing:resume", "billing:returned"),
        ),
        Viewer.IS_REFUSED,
    ),
    "agents:create": Viewer.IS_REFUSED,
    "agents:delete": Viewer.IS_REFUSED,
    "agents:detail": Viewer.LOOKS,
    "agents:edit": Viewer.IS_REFUSED,
    "agents:hours": Viewer.LOOKS,
    "agents:hours-create": Viewer.IS_REFUSED,
    "agents:hours-delete": Viewer.IS_REFUSED,
    "agents:hours-edit": Viewer.IS_REFUSED,
    "agents:invocation": Viewer.LOOKS,
    "agents:list": Viewer.LOOKS,
    "agents:publish": Viewer.IS_REFUSED,
    "agents:roll-back": Viewer.IS_REFUSED,
    "agents:tool": Viewer.LOOKS,
    "agents:tool-create": Viewer.IS_REFUSED,
    "agents:tool-delete": Viewer.IS_REFUSED,
    "agents:tool-edit": Viewer.IS_REFUSED,
    "agents:tool-secret": Viewer.IS_REFUSED,
    "agents:tool-test": Viewer.IS_REFUSED,
    "agents:tools": Viewer.LOOKS,
    "agents:version": Viewer.LOOKS,
    "agents:versions": Viewer.LOOKS,
    "alerts:detail": Viewer.LOOKS,
    "alerts:list": Viewer.LOOKS,
    "call-log:charts": Viewer.LOOKS,
    "call-log:detail": Viewer.LOOKS,
    "call-log:export": Viewer.IS_REFUSED,
    "call-log:hang-up": Viewer.IS_REFUSED,
    "call-log:keeping": Viewer.IS_REFUSED,
    "call-log:list": Viewer.LOOKS,
    "call-log:ring": Viewer.IS_REFUSED,
    **dict.fromkeys(("inbox:list", "inbox:sound", "inbox:texts"), Viewer.LOOKS),
    **dict.fromkeys(
        (f"inbox:{kind}-{act}" for kind in ("message", "callback", "voice") for act in ("done", "reopen")),
        Viewer.IS_REFUSED,
    ),
    **dict.fromkeys(("outbound:list", "outbound:do-not-call"), Viewer.LOOKS),
    **dict.fromkeys(
        (f"outbound:{name}" for name in ("place", "cancel", "forbid", "allow")), Viewer.IS_REFUSED
    ),
    "numbers:buy": Viewer.IS_REFUSED,
    "numbers:detail": Viewer.LOOKS,
    "numbers:edit": Viewer.IS_REFUSED,
    "numbers:emergency": Viewer.IS_REFUSED,
    "numbers:list": Viewer.LOOKS,
    "numbers:look": Viewer.IS_REFUSED,
    "numbers:own-add": Viewer.IS_REFUSED,
    "numbers:release": Viewer.IS_REFUSED,
    "numbers:search": Viewer.IS_REFUSED,
    "numbers:search-results": Viewer.IS_REFUSED,
    "numbers:verify": Viewer.IS_REFUSED,
    "routes:delete": Viewer.IS_REFUSED,
    "routes:detail": Viewer.LOOKS,
    "routes:edit": Viewer.IS_REFUSED,
    "tenants:api-key-create": Viewer.IS_REFUSED,
    "tenants:api-key-revoke": Viewer.IS_REFUSED,
    "tenants:api-keys": Viewer.IS_REFUSED,
    "tenants:audit": Viewer.IS_REFUSED,
    "tenants:invitation-resend": Viewer.IS_REFUSED,
    "tenants:invitation-withdraw": Viewer.IS_REFUSED,
    "tenants:invite": Viewer.IS_REFUSED,
    "tenants:member": Viewer.IS_REFUSED,
    "tenants:member-remove": Viewer.IS_REFUSED,  # others; taking oneself out is allowed
    "tenants:settings": Viewer.LOOKS,
    "tenants:team": Viewer.LOOKS,
    "trunks:access": Viewer.LOOKS,
    "trunks:advisor": Viewer.IS_REFUSED,
    "trunks:authority-add": Viewer.IS_REFUSED,
    "trunks:authority-delete": Viewer.IS_REFUSED,
    "trunks:authority-detail": Viewer.LOOKS,
    "trunks:authority-edit": Viewer.IS_REFUSED,
    "trunks:carrier": Viewer.LOOKS,
    "trunks:carriers": Viewer.IS_REFUSED,
    "trunks:certificates": Viewer.LOOKS,
    "trunks:check-capture": Viewer.LOOKS,
    "trunks:check-detail": Viewer.LOOKS,
    "trunks:check-json": Viewer.LOOKS,
    "trunks:check-schedule": Viewer.IS_REFUSED,
    "trunks:check-share-revoke": Viewer.IS_REFUSED,
    "trunks:check-shares": Viewer.IS_REFUSED,
    "trunks:check-stop": Viewer.IS_REFUSED,
    "trunks:check-text": Viewer.LOOKS,
    "trunks:checks": Viewer.LOOKS,
    "trunks:client-certificate-add": Viewer.IS_REFUSED,
    "trunks:client-certificate-delete": Viewer.IS_REFUSED,
    "trunks:client-certificate-detail": Viewer.LOOKS,
    "trunks:client-certificate-edit": Viewer.IS_REFUSED,
    "trunks:create": Viewer.IS_REFUSED,
    "trunks:credential-add": Viewer.IS_REFUSED,
    "trunks:credential-delete": Viewer.IS_REFUSED,
    "trunks:credential-edit": Viewer.IS_REFUSED,
    "trunks:delete": Viewer.IS_REFUSED,
    "trunks:detail": Viewer.LOOKS,
    "trunks:edit": Viewer.IS_REFUSED,
    "trunks:first-check": Viewer.LOOKS,
    "trunks:gateway-add": Viewer.IS_REFUSED,
    "trunks:gateway-delete": Viewer.IS_REFUSED,
    "trunks:gateway-detail": Viewer.LOOKS,
    "trunks:gateway-edit": Viewer.IS_REFUSED,
    "trunks:history": Viewer.LOOKS,
    "trunks:list": Viewer.LOOKS,
    "trunks:network-add": Viewer.IS_REFUSED,
    "trunks:network-delete": Viewer.IS_REFUSED,
    "trunks:network-edit": Viewer.IS_REFUSED,
    "trunks:number-format": Viewer.IS_REFUSED,
    "trunks:number-preview": Viewer.IS_REFUSED,
    "trunks:policy": Viewer.IS_REFUSED,
    "trunks:policy-preview": Viewer.IS_REFUSED,
    "trunks:preset-apply": Viewer.IS_REFUSED,
    "trunks:preset-review": Viewer.IS_REFUSED,
    "trunks:preview": Viewer.IS_REFUSED,
    "trunks:probe-now": Viewer.IS_REFUSED,
    "trunks:provider": Viewer.LOOKS,
    "trunks:provider-apply": Viewer.IS_REFUSED,
    "trunks:provider-attach": Viewer.IS_REFUSED,
    "trunks:provider-detach": Viewer.IS_REFUSED,
    "trunks:provider-edit": Viewer.IS_REFUSED,
    "trunks:provider-look": Viewer.IS_REFUSED,
    "trunks:provider-off": Viewer.IS_REFUSED,
    "trunks:provider-take": Viewer.IS_REFUSED,
    "trunks:register-now": Viewer.IS_REFUSED,
    "trunks:registration": Viewer.LOOKS,
    "trunks:registration-attempt": Viewer.LOOKS,
    "trunks:registration-delete": Viewer.IS_REFUSED,
    "trunks:registration-edit": Viewer.IS_REFUSED,
    "trunks:registration-pause": Viewer.IS_REFUSED,
    "trunks:registration-resume": Viewer.IS_REFUSED,
    "trunks:session-timers": Viewer.IS_REFUSED,
    "trunks:session-timers-preview": Viewer.IS_REFUSED,
}

# Pages that carry an object's id and read nothing of it: the same answer for every id.
WITHOUT_OBJECT = {"trunks:policy-preview", "trunks:session-timers-preview"}

# Pages about the person who is signed in, whatever their tenant.
PERSONAL = {
    "account_change_password",
    "account_confirm_login_code",
    "account_email",
    "account_reauthenticate",
    "account_set_password",
    "billing:affiliate",
    "billing:affiliate-key-create",
    "billing:affiliate-key-revoke",
    "billing:affiliate-statement",
    "billing:affiliate-statement-file",
    "tenants:home",
    "tenants:recovery-codes",
    "tenants:second-factor",
    "tenants:second-factor-set-up",
    "tenants:second-factor-turn-off",
    "tenants:security",
    "tenants:support-leave",
    "tenants:welcome",
}

# Open to everybody, and about nobody. The last ones are found by tokens that only their receivers have.
PUBLIC = {
    "account_email_verification_sent",
    "account_inactive",
    "account_login",
    "account_logout",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_signup",
    "api:docs",
    "api:schema",
    "api:unknown",
    "api-unknown",
    "livez",
    "metrics",
    "readyz",
    "web:landing",
    "stream-keys",
    "billing:affiliates",
    "billing:pricing",
    "billing:start",
    "billing:referral",
    "billing:stripe-webhook",
    "openai-webhook",
    # proven by the provider's signature
    *(
        f"calls:{place}-{kind}"
        for place in ("number", "trunk")
        for kind in ("incoming", "fallback", "status", "dialled", "recorded", "recording")
    ),
    "calls:text-message",
    "calls:text-reply",
    "outbound-voice:answered",
    "outbound-voice:status",
    "outbound-voice:digits",
    "account_confirm_email",
    "account_reset_password_from_key",
    "tenants:invitation",
    "shared-report",
}

# Operations about a person, read with a key of theirs. An organisation's key is refused.
PERSONAL_API = {
    "/api/v1/affiliate/",
    "/api/v1/affiliate/payouts/",
    "/api/v1/affiliate/statements/{month}/",
}

# Pages and operations that change nothing but the audit log, which tells who read so much.
AUDITED_READS = {"call-log:export", "/api/v1/calls/export/", "/api/v1/campaigns/{id}/results/"}

# What `{id}` stands for in the API, by the part of the address before it.
API_IDS = {
    "trunks": "trunk_id",
    "gateways": "gateway_id",
    "networks": "network_id",
    "credentials": "credential_id",
    "checks": "check_id",
    "shares": "share_id",
    "attempts": "attempt_id",
    "changes": "registration_change_id",
    "status-changes": "status_change_id",
    "audit-events": "audit_event_id",
    "incidents": "incident_id",
    "invoices": "invoice_id",
    "billing-requests": "request_id",
    "trusted-authorities": "authority_id",
    "client-certificates": "certificate_id",
    "phone-numbers": "number_id",
    "number-searches": "search_id",
    "call-events": "call_event_id",
    "calls": "call_id",
    "caller-messages": "caller_message_id",
    "callbacks": "callback_id",
    "voice-messages": "voice_message_id",
    "text-messages": "text_message_id",
    "outbound-calls": "outbound_call_id",
    "do-not-call": "do_not_call_id",
    "campaigns": "campaign_id",
    "contacts": "contact_id",
    "on-call-people": "on_call_person_id",
    "escalation-policies": "escalation_policy_id",
    "escalations": "escalation_id",
    "numbers": "trunk_number_id",
    "agents": "agent_id",
    "versions": "version_id",
    "tools": "tool_id",
    "invocations": "invocation_id",
    "business-hours": "hours_id",
    "number-routes": "route_id",
}

# A body that would be taken, by the part of the address that it is sent to.
API_BODIES: dict[str, dict[str, Any] | str] = {
    "tenant": {"name": "stolen"},
    "trunks": {"name": "stolen"},
    "gateways": {"uri": "sip:stolen.example.com"},
    "networks": {"cidr": "198.51.100.0/24"},
    "credentials": {"username": "stolen", "secret": "stolen"},
    "health-policy": {"interval_s": 3600},
    "session-timer-policy": {"mode": "off"},
    "probe": {},
    "checks": {},
    "cancel": {},
    "check-schedule": {"every_hours": 1},
    "shares": {},
    "resolve": {"note": "stolen"},
    "billing-requests": {"kind": "checkout", "plan": "one"},
    "trusted-authorities": {"name": "stolen", "certificates": AUTHORITY.pem},
    "client-certificates": {"name": "stolen", "certificates": CLIENT.pem, "private_key": CLIENT.key},
    "phone-numbers": {"label": "stolen"},
    "number-searches": {"country": "US"},
    "verification": {},
    "emergency-address": {
        "customer_name": "stolen",
        "street": "1 Main St",
        "city": "Oakland",
        "region": "CA",
        "postal_code": "94601",
    },
    "look": {},
    "hang-up": {},
    "call-retention": {"calls_kept_days": 30},
    "do-not-call": {"number": "+12125550188"},
    "campaigns": {
        "name": "stolen",
        "agent_id": "01a22283-dd8f-7436-ac1a-f2906ece0a59",
        "phone_number_id": "01a22283-dd8f-7436-ac1a-f2906ece0a59",
    },
    "contacts": {"number": "+12125550188"},
    "upload": "number\n+12125550188\n",
    "start": {},
    "on-call-people": {"name": "stolen", "number": "+12125550188"},
    "escalation-policies": {
        "name": "stolen",
        "phone_number_id": "01a22283-dd8f-7436-ac1a-f2906ece0a59",
        "tiers": [["01a22283-dd8f-7436-ac1a-f2906ece0a59"]],
    },
    "escalations": {"policy_id": "01a22283-dd8f-7436-ac1a-f2906ece0a59", "summary": "stolen"},
    "calls": {
        "phone_number_id": "01a22283-dd8f-7436-ac1a-f2906ece0a59",
        "to_number": "+12125550188",
        "agent_id": "01a22283-dd8f-7436-ac1a-f2906ece0a59",
    },
    "handle": {},
    "reopen": {},
    "agents": {"name": "stolen"},
    "publish": {"note": "stolen"},
    "roll-back": {"number": 1},
    "tools": {"name": "stolen", "endpoint": "https://stolen.example.com/"},
    "test": {"arguments": {}},
    "signing-secret": {},
    "business-hours": {"name": "stolen", "time_zone": "UTC"},
    "number-routes": {"most_calls": 1, "agent_id": "01a22283-dd8f-7436-ac1a-f2906ece0a59"},
    "dry-run": {},
    "registration": {"registrar": "sip:stolen.example.com", "username": "stolen"},
    "provision": {"kind": "byoc"},
    "look-now": {},
    "apply": {"plan": "stolen"},
    "take": {"plan": "stolen", "keys": ["domain"]},
    "numbers": {"phone_number_id": str(uuid.uuid4())},
    "pause": {},
    "resume": {},
    "register-now": {},
}

# Fields of request bodies that name another object by its id; each needs a test of its own.
API_BODY_IDS: set[str] = {
    "EscalationPolicyRequest.phone_number_id",
    "PatchedEscalationPolicyRequest.phone_number_id",
    "NewEscalationRequest.policy_id",
    "NewEscalationRequest.call_id",
    "NewCheckRequest.gateway_id",
    "PhoneNumberRequest.trunk_id",
    "TrunkNumberRequest.phone_number_id",
    "NewNumberRouteRequest.phone_number_id",
    "NewOutboundCallRequest.phone_number_id",
    "NewOutboundCallRequest.agent_id",
    *(
        f"{component}.{field}"
        for component in ("CampaignRequest", "PatchedCampaignRequest")
        for field in ("agent_id", "phone_number_id")
    ),
    *(
        f"{component}.{field}"
        for component in ("NewNumberRouteRequest", "NumberRouteRequest", "PatchedNumberRouteRequest")
        for field in ("agent_id", "hours_id", "closed_agent_id", "overflow_agent_id", "fallback_agent_id")
    ),
    *(
        f"{component}.{field}"
        for component in ("GatewayRequest", "SavedGatewayRequest", "PatchedSavedGatewayRequest")
        for field in ("trusted_authority_id", "client_certificate_id")
    ),
    "PatchedRegistrationRequest.credential_id",
    "RegistrationRequest.credential_id",
}

# Parts of addresses that name nothing of a tenant's.
_SAME_FOR_ALL = {"plan": "one", "code": "nobody", "digits": "14155550101", "month": "2026-03"}
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Page:
    """One address of the URL resolver."""

    name: str
    route: str

    @property
    def parameters(self) -> list[str]:
        """Names of the ids in the address, the tenant's slug apart."""
        return [name for name in _PARAMETER.findall(self.route) if name not in ("tenant", *_SAME_FOR_ALL)]

    def path(self, slug: str, ids: Mapping[str, uuid.UUID]) -> str:
        """Return the address in a tenant, with these objects."""
        values = {**_SAME_FOR_ALL, **ids, "tenant": slug}
        return "/" + _PARAMETER.sub(lambda match: str(values[match[1]]), self.route)


@dataclass(frozen=True)
class Operation:
    """One method of one address of the OpenAPI document."""

    method: str
    template: str
    parameters: list[dict[str, Any]]

    @property
    def segment(self) -> str:
        """The last fixed part of the address."""
        return [part for part in self.template.split("/") if part and not part.startswith("{")][-1]

    @property
    def slots(self) -> list[str]:
        """Which objects the address names, in order."""
        parts = self.template.strip("/").split("/")
        named = []
        for before, part in pairwise(parts):
            if part == "{id}":
                named.append(API_IDS[before])
            elif part.startswith("{"):
                named.append(part.strip("{}"))
        return named

    @property
    def id_filters(self) -> list[str]:
        """Query parameters that name an object by its id."""
        queries = [each for each in self.parameters if each["in"] == "query"]
        return [each["name"] for each in queries if each["schema"].get("format") == "uuid"]

    def path(self, ids: Mapping[str, uuid.UUID]) -> str:
        """Return the address with these objects."""
        slots = iter(self.slots)
        values = {**_SAME_FOR_ALL, **ids}
        return re.sub(r"\{\w+\}", lambda _match: str(values[next(slots)]), self.template)

    def send(self, client: Any, ids: Mapping[str, uuid.UUID], query: str = "") -> Any:
        """Send the request as a program would."""
        body = None if self.method in ("get", "delete") else API_BODIES[self.segment]
        headers = {"If-Match": '"1"'} if self.method in ("put", "patch", "delete") else {}
        kind = {"content_type": "text/csv"} if isinstance(body, str) else {}
        return getattr(client, self.method)(self.path(ids) + query, body, headers=headers, **kind)


def all_pages() -> list[Page]:
    """Return every address of the resolver except the admin's."""
    return [page for page in _walk(get_resolver(), "", ()) if not page.route.startswith("admin/")]


def tenant_pages() -> list[Page]:
    """Return the pages below /t/<slug>/."""
    return [page for page in all_pages() if "<slug:tenant>" in page.route]


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return SchemaGenerator().get_schema(request=None, public=True)


def operations() -> list[Operation]:
    """Return every operation on what belongs to tenants."""
    return [each for each in all_operations() if each.template not in PERSONAL_API]


def personal_operations() -> list[Operation]:
    """Return every operation about a person."""
    return [each for each in all_operations() if each.template in PERSONAL_API]


def all_operations() -> list[Operation]:
    """Return every operation of the API."""
    return [
        Operation(method, template, details.get("parameters", []))
        for template, item in openapi()["paths"].items()
        for method, details in item.items()
        if method in _METHODS
    ]


def body_ids(document: dict[str, Any]) -> set[str]:
    """Return the fields of request bodies that are ids of other objects, as `Component.field`."""
    return {
        f"{component}.{field}"
        for component, schema in document["components"]["schemas"].items()
        if component.endswith("Request")
        for field, details in schema.get("properties", {}).items()
        if details.get("format") == "uuid"
    }


def _walk(resolver: URLResolver, prefix: str, spaces: tuple[str, ...]) -> Iterator[Page]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Page(":".join([*spaces, pattern.name or ""]), route)
        else:
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _walk(pattern, route, inner)
