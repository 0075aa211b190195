"""Tags about calls: `{% load calls %}`."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from callsphere.calls.models import CallEvent
from callsphere.calls.queries import last_call_events
from callsphere.calls.wording import Headline
from callsphere.providers.twilio.double import is_double
from callsphere.web import formats
from callsphere.web.templatetags.callsphere import elapsed, status
from trunks.enums import NumberState
from trunks.models import PhoneNumber

register = template.Library()


@register.simple_tag(takes_context=True)
def last_call(context: Context, number: PhoneNumber) -> CallEvent | None:
    """Return what was told when a call came in last to a number of the page's tenant. One query."""
    return last_call_events(context["tenant"], [number.pk]).get(number.pk)


@register.simple_tag
def can_ring(number: PhoneNumber) -> bool:
    """Whether Twilio's double can be asked to call a number."""
    return is_double() and number.state == NumberState.ACTIVE and number.trunk is None


@register.simple_tag
def call_state(headline: Headline, pill: bool = False, brief: bool = False) -> SafeString:
    """Say in words what became of a call, and how long it took or takes.

    A brief one leaves to another column how long somebody talked.
    """
    took = formats.talk_time(headline.seconds)
    detail: str | SafeString = ""
    if headline.since is not None:
        detail = elapsed(headline.since)
    elif headline.seconds is not None and not brief and "{}" not in headline.words:
        detail = took
    return status(headline.looks, label=headline.words.format(took), detail=detail, pill=pill)
