"""Tags about calls, for pages of apps that stand below them: `{% load calls %}`."""

from __future__ import annotations

from django import template
from django.template import Context

from callsphere.calls.models import CallEvent
from callsphere.calls.queries import last_call_events
from trunks.models import PhoneNumber

register = template.Library()


@register.simple_tag(takes_context=True)
def last_call(context: Context, number: PhoneNumber) -> CallEvent | None:
    """Return what was told when a call came in last to a number of the page's tenant. One query."""
    return last_call_events(context["tenant"], [number.pk]).get(number.pk)
