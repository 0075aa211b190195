"""One call: what became of it and why, what happened in it, what was said; hanging it up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from callsphere.calls import services
from callsphere.calls.enums import CallState
from callsphere.calls.inbox import left_in
from callsphere.calls.left_rows import left_rows, text_rows
from callsphere.calls.one_call import all_told_of, trace_of
from callsphere.calls.pages.base import OneCallPage
from callsphere.calls.rows import leg_rows
from callsphere.calls.timeline import conversation_of, folded, timeline_of
from callsphere.calls.wording import (
    ai_cost_of,
    attestation_words,
    cost_words,
    ended_because,
    explanations_of,
    headline_of,
    price_words,
    tokens_of,
)
from callsphere.lib.errors import Refused
from tenants.access import Capability
from tenants.support import note_reading
from trunks.pages.base import LivePage


class CallDetail(OneCallPage, LivePage):
    """What became of a call and why; it refreshes itself while the call goes on.

    It holds what people said: when support opens it on a visit, the tenant reads that in its audit log.
    """

    template_name = "calls/detail.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        note_reading(self.request, verb="support.call_read", obj=self.call)
        return super().get(request, *args, **kwargs)

    def page_context(self) -> dict[str, Any]:
        call = self.call
        told, sessions = all_told_of(self.tenant, call)
        entries = timeline_of(told)
        left, texts = left_in(self.tenant, call, told.messages)
        looks, attestation = attestation_words(call.verstat)
        return {
            "call": call,
            "headline": headline_of(call),
            "is_over": call.state == CallState.ENDED,
            "may_hang_up": self.may_hang_up,
            "ended_because": ended_because(call),
            "explanations": explanations_of(call, told.legs, sessions),
            "entries": folded(entries),
            "conversation": conversation_of(entries),
            "legs": leg_rows(told.legs, call),
            "left": left_rows(left),
            "texts": text_rows(texts),
            "attestation": {"looks": looks, "words": attestation},
            "price": price_words(call),
            "tokens": tokens_of(sessions),
            "ai_cost": cost_words(ai_cost_of(sessions)),
            "sessions": sessions,
            "ladder_entries": trace_of(call, told.events),
            "log_url": self.url("list"),
        }

    @property
    def may_hang_up(self) -> bool:
        """Whether there is something to hang up, and the member may."""
        goes_on = self.call.state != CallState.ENDED and not self.call.end_reason
        return goes_on and Capability.CALLS_WRITE in self.request.capabilities

    def said(self, context: dict[str, Any]) -> str:
        return str(context["headline"].words.partition(" {}")[0])

    def is_settled(self, context: dict[str, Any]) -> bool:
        return bool(context["is_over"])


class HangUp(OneCallPage):
    """Asks once more, and hangs the call up."""

    capability = Capability.CALLS_WRITE

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context = {
            "call": self.call,
            "headline": headline_of(self.call),
            "is_over": self.call.state == CallState.ENDED,
            "log_url": self.url("list"),
            "detail_url": self.call_url("detail"),
        }
        return render(request, "calls/hang_up.html", context)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            services.hang_up(tenant=self.tenant, actor=self.actor, call=self.call)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "The call is being hung up. It is over within seconds.")
        return HttpResponseRedirect(self.call_url("detail"))
