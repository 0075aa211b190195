"""How the audit log speaks of calls."""

import uuid
from collections.abc import Mapping

from django.urls import reverse

from callsphere.calls.models import Call, CallbackRequest, CallerMessage, CallRetention, VoiceMessage
from tenants.audit_lines import Kind, add_kind, add_sentences
from tenants.models import Tenant


def add_kinds() -> None:
    """Teach the log what people do with calls."""
    add_kind(Kind(Call, "call", "calls", find_urls=_call_urls))
    add_kind(Kind(CallRetention, "retention", "retention of calls"))
    add_kind(Kind(CallerMessage, "message", "messages of callers"))
    add_kind(Kind(CallbackRequest, "callback", "callbacks"))
    add_kind(Kind(VoiceMessage, "voice message", "voice messages"))
    add_sentences({"hung_up": "hung up the {noun} {name}", "calls.exported": "exported calls of {name}"})
    add_sentences(
        {"support.call_read": "read the {noun} {name}", "support.messages_read": "read messages of {name}"}
    )
    add_sentences({"handled": "dealt with the {noun} {name}", "reopened": "opened the {noun} {name} again"})


def _call_urls(tenant: Tenant, ids: set[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    there = Call.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
    slug = tenant.slug
    return {pk: reverse("call-log:detail", kwargs={"tenant": slug, "call_id": pk}) for pk in there}
