"""The support desk: calls and what was told of them, to look at; a call can be hung up."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.decorators import action

from callsphere.calls.listing import beginning_of
from callsphere.calls.models import (
    Call,
    CallbackRequest,
    CallerMessage,
    CallEvent,
    CallLeg,
    CallNote,
    RealtimeSession,
    TextMessage,
    VoiceMessage,
)
from callsphere.calls.services import hang_up
from callsphere.calls.wording import explanations_of
from callsphere.lib.errors import Refused
from tenants.admin import ReadOnlyAdmin, ReasonForm, admin_link, staff_actor
from tenants.admin.base import ReadOnlyInline
from tenants.models import Tenant


class OfTenantAdmin(ReadOnlyAdmin):
    """Rows of every tenant's."""

    list_select_related: Any = ("tenant",)
    show_full_result_count = False

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, row: Any) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[row.tenant_id]), str(row.tenant))


class CallLegInline(ReadOnlyInline):
    """Who was called within a call."""

    model = CallLeg
    fields = ("kind", "target", "state", "sip_code", "error_code", "started_at", "answered_at", "ended_at")


class CallNoteInline(ReadOnlyInline):
    """The steps of a call at OpenAI, in words; nothing of what was said."""

    model = CallNote
    fields = ("noted_at", "text")


def _links_of(call: Call) -> Iterable[tuple[str, str]]:
    places = (
        ("calls_callevent", call.call_sid, "What Twilio told"),
        ("calls_realtimesession", call.pk, "Sessions with OpenAI"),
        ("agents_toolinvocation", call.pk, "Tools that it used"),
        ("calls_voicemessage", call.pk, "Voice messages"),
        ("calls_callermessage", call.pk, "Messages taken"),
        ("calls_callbackrequest", call.pk, "Callbacks"),
        ("calls_textmessage", call.pk, "Text messages"),
    )
    for model, term, text in places:
        yield f"{reverse(f'admin:{model}_changelist')}?{urlencode({'q': term})}", text
    # by both, as its index is
    done = urlencode({"tenant": call.tenant_id, "object_id": call.pk})
    yield f"{reverse('admin:tenants_auditevent_changelist')}?{done}", "Audit"


@admin.register(Call)
class CallAdmin(OfTenantAdmin):
    """The log of every tenant. What was said in a call is its tenant's alone."""

    list_display = (
        *("started_at", "tenant_link", "direction", "their_number", "our_number", "state", "outcome"),
        *("sip_code", "talked_s"),
    )
    list_filter = ("state", "outcome", "direction", "started_at")
    search_fields = ("=id", "=keys__call_sid", "=sessions__openai_call_id")
    search_help_text = "A whole number of either side, a call's id, or its id at Twilio or OpenAI."
    fields = (
        *("started_at", "tenant_link", "what_went_wrong", "read_on"),
        *("direction", "their_number", "our_number", "phone_number", "trunk"),
        *("agent", "version", "action", "sent_to", "because", "state", "outcome", "hung_up_by", "sip_code"),
        *("error_code", "cause", "verstat", "answered_at", "ended_at", "talked_s", "price", "price_unit"),
        *("end_due_at", "end_reason", "look_due_at", "looks", "call_sid", "id"),
    )
    readonly_fields = fields
    inlines = (CallLegInline, CallNoteInline)
    actions_detail = ("hang_up",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        """Search by a number, however it is written, or by an id."""
        number = beginning_of(search_term)
        if not number.startswith("+"):
            return super().get_search_results(request, queryset, search_term)
        # tenants are named one by one: the index of numbers begins with them
        tenants = list(Tenant.objects.values_list("pk", flat=True))
        theirs = Q(tenant__in=tenants, their_number=number)
        return queryset.filter(theirs | Q(phone_number__number=number)), False

    @admin.display(description="what went wrong")
    def what_went_wrong(self, call: Call) -> str:
        """Show what the customer reads: title, meaning, what to change and who has to."""
        found = explanations_of(call, list(call.legs.all()), call.sessions.all())
        rows = ((each.title, each.meaning, each.fix, each.who) for each in found)
        return format_html_join("", "<p><b>{}</b><br>{} {} ({})</p>", rows) or "nothing that is known"

    @admin.display(description="read on")
    def read_on(self, call: Call) -> str:
        """Lead to all that hangs on the call, and to who did something to it."""
        return format_html_join(" · ", "{}", ((admin_link(*each),) for each in _links_of(call)))

    @action(description="Hang up", icon="call_end")
    def hang_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have a call ended, for a reason that the tenant's audit log tells."""
        call = get_object_or_404(Call.objects.select_related("tenant"), pk=object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                hang_up(tenant=call.tenant, actor=staff_actor(request), call=call, reason=reason)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "The call is ended within seconds.")
                return HttpResponseRedirect(reverse("admin:calls_call_change", args=[object_id]))
        return self.ask_for_reason(
            request, form, f"Hang up {call}", "Whoever talks is cut off, without a word.", "Hang up"
        )


@admin.register(VoiceMessage)
class VoiceMessageAdmin(OfTenantAdmin):
    """That callers left messages. Nobody but the tenant hears them."""

    list_display = ("created_at", "tenant_link", "call", "duration_s", "sound_state", "handled_at")
    list_filter = ("sound_state", "created_at")
    list_select_related = ("tenant", "call")
    search_fields = ("=id", "=call__id", "=recording_sid")
    fields = (
        *("created_at", "tenant_link", "call", "recording_sid", "duration_s", "sound_state", "sound_tries"),
        *("sound_due_at", "sound_error", "handled_at", "handled_by", "id"),
    )
    readonly_fields = fields


@admin.register(RealtimeSession)
class RealtimeSessionAdmin(OfTenantAdmin):
    """Sessions with OpenAI: how far each came, and what it took."""

    list_display = ("created_at", "tenant_link", "call", "state", "why", "accepted_at", "ended_at")
    list_filter = ("state", "created_at")
    list_select_related = ("tenant", "call")
    search_fields = ("=id", "=call__id", "=openai_call_id")
    fields = (
        *("created_at", "tenant_link", "call", "version", "openai_call_id", "state", "why", "offered_at"),
        *("accepted_at", "greeted_at", "ended_at", "due_at", "claim", "usage", "cost", "id"),
    )
    readonly_fields = fields


@admin.register(CallEvent)
class CallEventAdmin(OfTenantAdmin):
    """What the provider told of calls, in every tenant."""

    list_display = ("received_at", "tenant_link", "kind", "call_status", "caller", "called", "call_sid")
    list_filter = ("kind", "received_at")
    search_fields = ("call_sid", "=id", "=phone_number__number")
    fields = (
        *("received_at", "tenant_link", "kind", "call_sid", "sequence_number", "call_status"),
        *("phone_number", "trunk", "caller", "called", "payload", "id"),
    )
    readonly_fields = fields

    @admin.display(description="from")
    def caller(self, event: CallEvent) -> str:
        return str(event.payload.get("From", ""))

    @admin.display(description="to")
    def called(self, event: CallEvent) -> str:
        return str(event.payload.get("To", ""))


class _LeftBehindAdmin(OfTenantAdmin):
    """What calls left behind, in every tenant. What was said stays with the tenant."""

    search_fields: tuple[str, ...] = ("=id", "=call__id")


@admin.register(CallerMessage)
class CallerMessageAdmin(_LeftBehindAdmin):
    """Messages that agents took."""

    list_display = ("created_at", "tenant_link", "call_id", "is_urgent", "handled_at")
    list_filter = ("is_urgent", "created_at")
    fields = ("created_at", "tenant_link", "call_id", "is_urgent", "handled_at", "handled_by", "id")
    readonly_fields = fields


@admin.register(CallbackRequest)
class CallbackAdmin(_LeftBehindAdmin):
    """Callers who want to be called back."""

    list_display = ("created_at", "tenant_link", "call_id", "wanted_at", "state", "handled_at")
    list_filter = ("state", "created_at")
    fields = (
        *("created_at", "tenant_link", "call_id", "wanted_at", "time_zone", "state"),
        *("handled_at", "handled_by", "id"),
    )
    readonly_fields = fields


@admin.register(TextMessage)
class TextMessageAdmin(_LeftBehindAdmin):
    """Text messages, and what became of them."""

    list_display = ("created_at", "tenant_link", "call_id", "state", "error_code", "message_sid")
    list_filter = ("state", "created_at")
    search_fields = ("=id", "=call__id", "=message_sid")
    fields = (
        *("created_at", "tenant_link", "call_id", "direction", "from_number", "word", "state", "message_sid"),
        *("error_code", "error", "due_at", "ended_at", "id"),
    )
    readonly_fields = fields
