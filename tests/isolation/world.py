"""A tenant with one of everything, each marked with the tenant's canary."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from agents import services as agent_services
from agents.models import Agent, ToolInvocation
from billing.models import BillingRequest, Invoice, Notice, Subscription
from callsphere.alerts.enums import Severity
from callsphere.alerts.services import Subject, open_incident
from callsphere.calls import services as call_services
from callsphere.calls.models import (
    Call,
    CallbackRequest,
    CallerMessage,
    CallEvent,
    CallKey,
    CallLeg,
    CallNote,
    FunctionCall,
    RealtimeSession,
    TextMessage,
    TranscriptLine,
    VoiceMessage,
)
from callsphere.calls.sound_keeping import keep_sound
from callsphere.escalations.models import (
    Escalation,
    EscalationAgent,
    EscalationAsk,
    EscalationPolicy,
    EscalationStep,
    EscalationTier,
    OnCallPerson,
    TierPerson,
)
from callsphere.outbound.models import Campaign, CampaignContact, Dialler, DoNotCall, OutboundCall
from tenants import services as tenant_services
from tenants.context import platform_context, tenant_context
from tenants.enums import Role
from tenants.keys import seal_for
from tenants.models import ApiKey, AuditEvent, IdempotentRequest, Tenant
from tests.conftest import Person, make_member, make_owner
from tests.trunks.certificates.papers import make
from trunks import services
from trunks.models import (
    CheckSchedule,
    CheckShare,
    EmergencyAddress,
    GatewayHealth,
    LiveCall,
    NumberJob,
    NumberRefresh,
    NumberSearch,
    NumberVerification,
    PhoneNumber,
    PlacedCall,
    ProbeAnswer,
    ProbeBucket,
    ProbeHour,
    ProviderAccount,
    ReadinessCheck,
    RegistrationAttempt,
    RegistrationChange,
    RegistrationFarewell,
    StatusChange,
    Trunk,
    TrunkNumber,
    TrunkProvision,
)


@dataclass(frozen=True)
class World:
    """A tenant, its people, and the id of one object for each name that an address may have."""

    owner: Person
    viewer: Person
    canary: str
    ids: dict[str, uuid.UUID]

    @property
    def tenant(self) -> Tenant:
        return self.owner.tenant

    def marks(self) -> list[str]:
        """Return every text that only this tenant's people may read."""
        return [self.canary, self.tenant.slug, str(self.tenant.pk), *map(str, self.ids.values())]


def make_world(canary: str) -> World:
    """Make a tenant with one of every object that a tenant can have."""
    owner = make_owner(f"{canary}-owner@example.com", f"{canary} tenant")
    viewer = make_member(owner.tenant, f"{canary}-viewer@example.com", Role.VIEWER)
    with tenant_context(owner.tenant):
        trunk = _trunk(owner, canary)
        ids = {
            "trunk_id": trunk.pk,
            "member_id": viewer.membership.pk,
            **_parts(trunk),
            **_people(owner, canary),
        }
        ids["audit_event_id"] = AuditEvent.objects.filter(verb="trunk.created").get().pk
        ids["status_change_id"] = _history(trunk, canary)
        ids |= _readiness(owner, trunk, canary)
        ids["incident_id"] = _incident(owner, trunk, canary)
        ids |= _certificates(owner, canary)
        ids |= _register(owner, trunk, canary)
        ids |= _billing(owner, canary)
        _live_call(trunk, canary)
        ids |= _number(owner, trunk, canary)
        ids["call_event_id"] = _call_event(owner, ids["number_id"], canary)
        ids["search_id"] = _search(owner, canary)
        ids |= _agents(owner, ids["number_id"], canary)
        call_services.set_retention(tenant=owner.tenant, actor=owner.actor, calls_kept_days=31)
        ids["call_id"] = _call(owner, ids["number_id"], ids["agent_id"], canary)
        ids |= _left_by_caller(owner, ids["call_id"], canary)
        ids |= _outbound(owner, ids, canary)
        ids |= _escalations(owner, ids, canary)
    with platform_context("history is written by workers"):
        _buckets(trunk)
    return World(owner, viewer, canary, ids)


def _trunk(owner: Person, canary: str) -> Trunk:
    trunk, _warnings = services.provision_trunk(
        tenant=owner.tenant,
        actor=owner.actor,
        name=f"{canary} trunk",
        notes=f"{canary} notes",
        gateways=[{"uri": f"sip:{canary}.example.com"}],
        allowed_networks=[{"cidr": "203.0.113.0/24", "note": f"{canary} note"}],
        credentials=[
            {"direction": "outbound", "username": f"{canary}-user", "secret": f"{canary}-secret"},
        ],
    )
    return trunk


def _register(owner: Person, trunk: Trunk, canary: str) -> dict[str, uuid.UUID]:
    registration = services.add_registration(
        tenant=owner.tenant,
        actor=owner.actor,
        trunk=trunk,
        registrar=f"sip:{canary}.example.com",
        username=f"{canary}-line",
        credential=trunk.credentials.get(),
    )
    now = timezone.now()
    found = {"cause": "registration_rejected", "detail": f"{canary} detail"}
    change = RegistrationChange.objects.create(
        tenant=trunk.tenant, trunk=trunk, from_state="registering", to_state="rejected", at=now, **found
    )
    attempt = RegistrationAttempt.objects.create(
        tenant=trunk.tenant,
        registration=registration,
        slot=0,
        at=now,
        step="register",
        duration_ms=1,
        **found,
    )
    RegistrationFarewell.objects.create(
        tenant=trunk.tenant,
        registrar=f"sip:{canary}-old.example.com",
        username=f"{canary}-line",
        contact="<sip:x>",
        call_id="x",
        from_tag="x",
        cseq=1,
        expires_at=now,
    )
    return {"attempt_id": attempt.pk, "registration_change_id": change.pk}


def _live_call(trunk: Trunk, canary: str) -> None:
    LiveCall.objects.create(
        tenant=trunk.tenant,
        trunk=trunk,
        provider="dialog",
        reference=f"{canary}-call",
        answered_at=timezone.now(),
    )


def _number(owner: Person, trunk: Trunk, canary: str) -> dict[str, uuid.UUID]:
    now = timezone.now()
    own = {"tenant": owner.tenant}
    account = ProviderAccount.objects.create(due_at=now, error=f"{canary} error", **own)
    provision = TrunkProvision.objects.create(
        pk=trunk.pk, trunk=trunk, account=account, kind="elastic", error=f"{canary} set-up", **own
    )
    number = PhoneNumber.objects.create(
        number="+14155550101", label=f"{canary} number", source="own", state="unverified", trunk=trunk, **own
    )
    on_trunk = TrunkNumber.objects.create(provision=provision, phone_number=number, **own)
    NumberJob.objects.create(
        phone_number=number, kind="release", state="done", ended_at=now, actor_label=canary, **own
    )
    EmergencyAddress.objects.create(phone_number=number, street=f"{canary} street", **own)
    NumberRefresh.objects.create(error=f"{canary} look", **own)
    NumberVerification.objects.create(
        phone_number=number, state="failed", ended_at=now, error=f"{canary} nobody answered", **own
    )
    return {"number_id": number.pk, "trunk_number_id": on_trunk.pk}


def _call_event(owner: Person, number_id: uuid.UUID, canary: str) -> uuid.UUID:
    event = CallEvent.objects.create(
        tenant=owner.tenant,
        phone_number_id=number_id,
        kind="incoming",
        call_sid=f"CA{canary}",
        root_sid=f"CA{canary}",
        payload={"From": f"{canary} caller"},
    )
    return event.pk


def _call(owner: Person, number_id: uuid.UUID, agent_id: uuid.UUID, canary: str) -> uuid.UUID:
    """A call under way with all that hangs on one."""
    agent = Agent.objects.get(pk=agent_id)
    call = Call.objects.create(
        tenant=owner.tenant,
        direction="inbound",
        call_sid=f"CA{canary}",
        phone_number_id=number_id,
        their_number=f"{canary} caller",
        agent=agent,
        version=agent.published,
        started_at=timezone.now(),
    )
    of_call: dict[str, Any] = {"tenant": owner.tenant, "call": call}
    CallKey.objects.create(**of_call, call_sid=call.call_sid)
    CallLeg.objects.create(**of_call, call_sid=f"CA{canary}leg", kind="agent", target=f"{canary} target")
    CallNote.objects.create(**of_call, key="note", text=f"{canary} note", noted_at=timezone.now())
    session = RealtimeSession.objects.create(
        **of_call, version=agent.published, openai_call_id=f"rtc_{canary}"
    )
    FunctionCall.objects.create(
        tenant=owner.tenant, session=session, function_call_id=f"call_{canary}", name=f"{canary} tool"
    )
    TranscriptLine.objects.create(
        **of_call, item_id="item", speaker="caller", text=f"{canary} said", said_at=timezone.now()
    )
    return call.pk


def _left_by_caller(owner: Person, call_id: uuid.UUID, canary: str) -> dict[str, uuid.UUID]:
    of_call: dict[str, Any] = {"tenant": owner.tenant, "call_id": call_id}
    message = CallerMessage.objects.create(**of_call, name=f"{canary} caller", text=f"{canary} text")
    callback = CallbackRequest.objects.create(
        **of_call,
        number="+12125550100",
        wanted_at=timezone.now(),
        time_zone="UTC",
        note=f"{canary} callback",
    )
    text = TextMessage.objects.create(
        **of_call,
        to_number="+12125550100",
        from_number="+14155550101",
        body=f"{canary} body",
        state="delivered",
        message_sid=f"SM{canary}",
    )
    voice = VoiceMessage.objects.create(
        **of_call, recording_sid=f"RE{canary}", duration_s=1, sound_state="there", sound_due_at=None
    )
    keep_sound(voice, f"RIFF\0\0\0\0WAVE{canary} sound".encode())
    return {
        "caller_message_id": message.pk,
        "callback_id": callback.pk,
        "text_message_id": text.pk,
        "voice_message_id": voice.pk,
    }


def _outbound(owner: Person, ids: dict[str, uuid.UUID], canary: str) -> dict[str, uuid.UUID]:
    who: dict[str, Any] = {"tenant": owner.tenant}
    Dialler.objects.create(**who)
    order = OutboundCall.objects.create(
        **who,
        from_number="+14155550101",
        to_number="+12125550100",
        agent_id=ids["agent_id"],
        version_id=ids["version_id"],
        brief=f"{canary} brief",
        due_at=timezone.now() + timedelta(hours=1),
        expires_at=timezone.now() + timedelta(hours=2),
    )
    entry = DoNotCall.objects.create(**who, number="+12125550177", reason=f"{canary} reason")
    campaign = Campaign.objects.create(
        **who,
        name=f"{canary} campaign",
        agent_id=ids["agent_id"],
        phone_number_id=ids["number_id"],
        brief=f"{canary} campaign's brief",
    )
    contact = CampaignContact.objects.create(
        **who,
        campaign=campaign,
        number="+12125550166",
        name=f"{canary} contact",
        time_zones=["America/New_York"],
        due_at=timezone.now(),
    )
    return {
        **dict.fromkeys(("outbound_call_id", "order_id"), order.pk),
        **dict.fromkeys(("do_not_call_id", "entry_id"), entry.pk),
        "campaign_id": campaign.pk,
        "contact_id": contact.pk,
    }


def _escalations(owner: Person, ids: dict[str, uuid.UUID], canary: str) -> dict[str, uuid.UUID]:
    who: dict[str, Any] = {"tenant": owner.tenant}
    person = OnCallPerson.objects.create(**who, name=f"{canary} person", number="+12125550166")
    number = {"phone_number_id": ids["number_id"]}
    policy = EscalationPolicy.objects.create(**who, name=f"{canary} policy", **number)
    tier = EscalationTier.objects.create(**who, policy=policy, position=1)
    TierPerson.objects.create(**who, tier=tier, person=person, position=1)
    EscalationAgent.objects.create(**who, policy=policy, agent_id=ids["agent_id"])
    now = timezone.now()
    run = Escalation.objects.create(
        **who,
        policy=policy,
        policy_name=policy.name,
        call_id=ids["call_id"],
        summary=f"{canary} summary",
        key=f"{canary} key",
        tier_s=120,
        tier=1,
        tier_until=now + timedelta(hours=1),
        due_at=now + timedelta(hours=1),
    )
    of_run: dict[str, Any] = {**who, "escalation": run, "person": person}
    EscalationAsk.objects.create(
        **of_run, tier=1, position=1, name=f"{canary} ask", number=person.number, takes_texts=True
    )
    EscalationStep.objects.create(**of_run, number=1, at=now, kind="started", words=f"{canary} step")
    return {
        "on_call_person_id": person.pk,
        "escalation_policy_id": policy.pk,
        "escalation_id": run.pk,
    }


def _agents(owner: Person, number_id: uuid.UUID, canary: str) -> dict[str, uuid.UUID]:
    who: dict[str, Any] = {"tenant": owner.tenant, "actor": owner.actor}
    agent = agent_services.create_agent(**who, name=f"{canary} agent", instructions=f"{canary} instructions")
    endpoint: dict[str, Any] = {"endpoint": f"https://{canary}.example.com/", "description": f"{canary} tool"}
    tool, _secret = agent_services.create_tool(**who, name=f"{canary}-tool", **endpoint)
    agent_services.edit_draft(**who, agent=agent, expected_version=1, tool_ids=[tool.pk])
    agent_services.publish(**who, agent=agent, expected_version=2)
    agent_services.edit_draft(**who, agent=agent, expected_version=3, greeting=f"{canary} greeting")
    version = agent_services.publish(**who, agent=agent, expected_version=4)
    agent_services.edit_draft(**who, agent=agent, expected_version=5, greeting=f"{canary} other greeting")
    invocation = ToolInvocation.objects.create(
        tenant=owner.tenant, tool=tool, kind="call", outcome="ok", ended_at=timezone.now(), reference=canary
    )
    return {
        "agent_id": agent.pk,
        "version_id": version.pk,
        "tool_id": tool.pk,
        "invocation_id": invocation.pk,
        **_route(owner, agent.pk, number_id, canary),
    }


def _route(owner: Person, agent_id: uuid.UUID, number_id: uuid.UUID, canary: str) -> dict[str, uuid.UUID]:
    who: dict[str, Any] = {"tenant": owner.tenant, "actor": owner.actor}
    hours = agent_services.create_hours(**who, name=f"{canary} hours", time_zone="UTC")
    route = agent_services.create_route(
        **who, phone_number_id=number_id, agent_id=agent_id, hours_id=hours.pk
    )
    return {"hours_id": hours.pk, "route_id": route.pk}


def _search(owner: Person, canary: str) -> uuid.UUID:
    texts = {"number": "+14155550101", "country": "US", "kind": "local", "region": "CA", "address": "none"}
    can = dict.fromkeys(("has_voice", "has_sms", "has_mms"), True)
    found = [{**texts, **can, "locality": canary}]
    search = NumberSearch.objects.create(
        tenant=owner.tenant, country="US", state="done", ended_at=timezone.now(), found=found
    )
    return search.pk


def _parts(trunk: Trunk) -> dict[str, uuid.UUID]:
    return {
        "gateway_id": trunk.gateways.get().pk,
        "network_id": trunk.allowed_networks.get().pk,
        "credential_id": trunk.credentials.get().pk,
        "policy_id": trunk.health_policy.pk,
        "session_timer_policy_id": trunk.session_timer_policy.pk,
    }


def _people(owner: Person, canary: str) -> dict[str, uuid.UUID]:
    invitation = tenant_services.invite_member(
        tenant=owner.tenant,
        actor=owner.actor,
        inviter=owner.membership,
        email=f"{canary}-invited@example.com",
        role="viewer",
    )
    key, _token = tenant_services.create_api_key(
        tenant=owner.tenant, actor=owner.actor, name=f"{canary} key", capabilities=["trunks:read"]
    )
    kept = IdempotentRequest(
        tenant=owner.tenant, key=f"{canary}-key", endpoint="/", request_hash=b"x", status=201
    )
    kept.body = seal_for(kept, "body", "{}")
    kept.save()
    return {"invitation_id": invitation.pk, "key_id": key.pk}


def _history(trunk: Trunk, canary: str) -> uuid.UUID:
    now = timezone.now()
    gateway = trunk.gateways.get()
    found = {"status": 503, "cause": "carrier_overloaded", "detail": f"{canary} detail"}
    GatewayHealth.objects.filter(gateway=gateway).update(
        state="impaired", checked_at=now, server=f"{canary} server", **found
    )
    ProbeAnswer.objects.create(tenant=trunk.tenant, gateway=gateway, slot=0, at=now, **found)
    change = StatusChange.objects.create(
        tenant=trunk.tenant,
        trunk=trunk,
        gateway=gateway,
        from_state="up",
        to_state="impaired",
        at=now,
        previous_since=now,
        **found,
    )
    return change.pk


_MESSAGE = {
    "at_ms": 0,
    "direction": "sent",
    "summary": "OPTIONS",
    "peer": "203.0.113.5:5060/udp",
    "method": "OPTIONS",
}


def _readiness(owner: Person, trunk: Trunk, canary: str) -> dict[str, uuid.UUID]:
    check = services.start_check(tenant=owner.tenant, actor=owner.actor, trunk=trunk, call="100")
    run = {"gateway_id": str(trunk.gateways.get().pk), "uri": f"sip:{canary}.example.com"}
    ReadinessCheck.objects.update(
        state="finished",
        verdict="pass",
        finished_at=timezone.now(),
        target=run["uri"],
        runs=[{**run, "verdict": "pass", "cause": "", "steps": 0}],
        trace=[{**_MESSAGE, "text": f"OPTIONS {run['uri']} SIP/2.0\r\n\r\n"}],
    )
    PlacedCall.objects.create(
        tenant=owner.tenant,
        readiness_check=check,
        state="ended",
        address="203.0.113.5",
        port=5060,
        transport="udp",
        call_id=f"{canary}-call",
        cseq=1,
    )
    CheckSchedule.objects.create(tenant=owner.tenant, trunk=trunk, call=f"{canary}-number")
    share = CheckShare.objects.create(
        tenant=owner.tenant,
        readiness_check=check,
        token_hash=hashlib.sha256(canary.encode()).digest(),
        shared_by=f"{canary}-owner",
        expires_at=timezone.now() + timedelta(days=7),
    )
    return {"check_id": check.pk, "share_id": share.pk}


def _certificates(owner: Person, canary: str) -> dict[str, uuid.UUID]:
    authority = make(f"{canary} authority", is_authority=True)
    client = make(f"{canary}-client.example.com", authority)
    mine: dict[str, Any] = {"tenant": owner.tenant, "actor": owner.actor, "name": f"{canary} certificate"}
    trusted = services.add_authority(certificates=authority.pem, **mine)
    shown = services.add_client_certificate(certificates=client.pem, private_key=client.key, **mine)
    return {"authority_id": trusted.pk, "certificate_id": shown.pk}


def _incident(owner: Person, trunk: Trunk, canary: str) -> uuid.UUID:
    incident = open_incident(
        tenant=owner.tenant,
        actor=owner.actor,
        key=f"{canary} key",
        kind="trunk_health",
        severity=Severity.CRITICAL,
        subject=Subject("trunk", trunk.pk, f"{canary} trunk"),
        title=f"{canary} title",
        detail=f"{canary} detail",
    )
    return incident.pk


def _billing(owner: Person, canary: str) -> dict[str, uuid.UUID]:
    now = timezone.now()
    Subscription.objects.create(tenant=owner.tenant, customer=f"cus_{canary}", card=f"{canary} card")
    Notice.objects.create(tenant=owner.tenant, kind="recovered", about=canary)
    invoice = Invoice.objects.create(
        tenant=owner.tenant,
        stripe_id=f"in_{canary}",
        number=f"{canary}-0001",
        status="paid",
        currency="usd",
        page_url=f"https://{canary}.example.com/",
        issued_at=now,
        period_start=now,
        period_end=now,
        **dict.fromkeys(("net", "total", "due", "paid"), 14_900),
        tax=0,
    )
    request = BillingRequest.objects.create(
        tenant=owner.tenant, kind="refresh", state="done", due_at=None, ended_at=now, actor_label=canary
    )
    return {"invoice_id": invoice.pk, "request_id": request.pk}


def _buckets(trunk: Trunk) -> None:
    counts = {"checks": 1, "answered": 1, "healthy": 1, "failures": {}}
    row = {"tenant": trunk.tenant, "gateway": trunk.gateways.get(), "starts_at": timezone.now(), **counts}
    ProbeBucket.objects.create(latencies_us=[1000], **row)
    ProbeHour.objects.create(**row)


def owned_models() -> list[type[models.Model]]:
    """Return every model whose rows belong to a tenant."""
    return [model for model in apps.get_models() if "tenant_id" in {f.attname for f in model._meta.fields}]


def empty_models(world: World) -> set[str]:
    """Return the models of which the tenant has no row: whoever adds a model adds a row here."""
    with platform_context("look for models without a row"):
        return {
            model.__name__
            for model in owned_models()
            if not model._default_manager.filter(tenant_id=world.tenant.pk).exists()
        }


def fingerprint(world: World) -> dict[str, str]:
    """Return what the database holds of a tenant, a hash for each model; equal means nothing changed."""
    hashes = {}
    with platform_context("compare a tenant's rows"):
        for model in owned_models():
            rows: Any = model._default_manager.filter(tenant_id=world.tenant.pk).order_by("pk").values()
            text = json.dumps([_without_use(model, row) for row in rows], cls=_Plain, sort_keys=True)
            hashes[model.__name__] = hashlib.sha256(text.encode()).hexdigest()
        tenant = Tenant.objects.filter(pk=world.tenant.pk).values().get()
        hashes["Tenant"] = json.dumps(tenant, cls=_Plain, sort_keys=True)
    return hashes


def _without_use(model: type[models.Model], row: dict[str, Any]) -> dict[str, Any]:
    # That a key was used is written down when it is used.
    return {**row, "last_used_at": None} if model is ApiKey else row


class _Plain(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return bytes(o).hex() if isinstance(o, bytes | memoryview) else super().default(o)
