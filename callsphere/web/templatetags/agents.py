"""Tags about where calls lead, for pages of apps that stand below agents: `{% load agents %}`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from django import template
from django.template import Context

from agents.models import NumberRoute
from agents.queries import routes_by_number
from tenants.access import Capability
from trunks.models import PhoneNumber
from trunks.numbers.summaries import NumberRow

register = template.Library()


@register.simple_tag(takes_context=True)
def route_of(context: Context, number: PhoneNumber) -> NumberRoute | None:
    """Return where calls to a number of the page's tenant lead; None for nowhere. One query."""
    return _routes(context, [number.pk]).get(number.pk)


@register.simple_tag(takes_context=True)
def routes_of(context: Context, rows: Iterable[NumberRow]) -> Mapping[uuid.UUID, NumberRoute]:
    """Return by number's id where calls to the numbers of these lines lead. One query."""
    return _routes(context, [row.number.pk for row in rows])


@register.filter
def of_number(routes: Mapping[uuid.UUID, NumberRoute], number: PhoneNumber) -> NumberRoute | None:
    """Return where calls to one of the numbers lead."""
    return routes.get(number.pk)


def _routes(context: Context, numbers: list[uuid.UUID]) -> dict[uuid.UUID, NumberRoute]:
    if Capability.AGENTS_READ not in context["capabilities"]:
        return {}
    return routes_by_number(context["tenant"], numbers)
