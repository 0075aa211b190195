"""The first page of a tenant: is my line working, and if not, why."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone

from callsphere.calls.inbox import open_count
from callsphere.web.guided_path import guided_path
from tenants.access import Capability
from trunks.enums import HealthState
from trunks.health.history import availability, overall
from trunks.health.summaries import DAY, change_rows, problems_of, trunk_rows
from trunks.models import Gateway
from trunks.numbers.business_words import business_of
from trunks.pages.base import LivePage
from trunks.queries import (
    changes_of,
    page_of,
    progress_of,
    troubled_gateways,
    trunks_of,
    verdict_of,
)
from trunks.wording import percent_words

TRUNKS_SHOWN = 8
PROBLEMS_SHOWN = 3
CHANGES_SHOWN = 6


class Dashboard(LivePage):
    """States in words, the worst first; while the set-up is unfinished, the next step of it."""

    capability: ClassVar[Capability | None] = Capability.TENANT_READ
    template_name = "web/dashboard.html"

    def page_context(self) -> dict[str, Any]:
        if Capability.TRUNKS_READ not in self.request.capabilities:
            return {}
        may_read = Capability.CALLS_READ in self.request.capabilities
        page = page_of(trunks_of(self.tenant), size=TRUNKS_SHOWN)
        headline, counts = verdict_of(self.tenant)
        progress = progress_of(self.tenant)
        problems = problems_of(troubled_gateways(page.rows))
        steps = guided_path(self.tenant, self.request.capabilities, progress)
        return {
            "headline": headline,
            "rows": trunk_rows(page.rows),
            "trunk_count": sum(counts.values()),
            "watched_count": sum(counts.values()) - counts.get(HealthState.PAUSED, 0),
            "up_count": counts.get(HealthState.UP, 0),
            **self._figures(),
            "open_messages": open_count(self.tenant) if may_read else 0,
            "problems": problems[:PROBLEMS_SHOWN],
            "more_problems": len(problems) > PROBLEMS_SHOWN,
            "changes": change_rows(changes_of(self.tenant), limit=CHANGES_SHOWN),
            "progress": progress,
            "steps": steps,
            "connects_next": not steps or any(step.get("is_connect") for step in steps),
            "business": business_of(self.tenant),
            "trunks_url": self.url("list"),
            "create_url": self.url("create"),
        }

    def _figures(self) -> dict[str, Any]:
        now = timezone.now()
        ids = list(Gateway.objects.filter(tenant=self.tenant, is_enabled=True).values_list("pk", flat=True))
        percent = overall(availability(ids, now - DAY, now).values()).percent
        return {"has_figures": percent is not None, "share": percent_words(percent)}
