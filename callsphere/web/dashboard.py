"""The first page of a tenant: is my line working, and if not, why."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone

from tenants.access import Capability
from trunks.enums import HealthState
from trunks.health.history import availability, overall
from trunks.health.summaries import DAY, change_rows, problems_of, trunk_rows
from trunks.models import Gateway
from trunks.pages.base import LivePage
from trunks.queries import (
    Progress,
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
        page = page_of(trunks_of(self.tenant), size=TRUNKS_SHOWN)
        headline, counts = verdict_of(self.tenant)
        progress = progress_of(self.tenant)
        problems = problems_of(troubled_gateways(page.rows))
        return {
            "headline": headline,
            "rows": trunk_rows(page.rows),
            "trunk_count": sum(counts.values()),
            "watched_count": sum(counts.values()) - counts.get(HealthState.PAUSED, 0),
            "up_count": counts.get(HealthState.UP, 0),
            **self._figures(),
            "problems": problems[:PROBLEMS_SHOWN],
            "more_problems": len(problems) > PROBLEMS_SHOWN,
            "changes": change_rows(changes_of(self.tenant), limit=CHANGES_SHOWN),
            "progress": progress,
            "steps": [] if progress.was_up else self._steps(progress),
            "trunks_url": self.url("list"),
            "create_url": self.url("create"),
        }

    def _figures(self) -> dict[str, Any]:
        now = timezone.now()
        ids = list(Gateway.objects.filter(tenant=self.tenant, is_enabled=True).values_list("pk", flat=True))
        percent = overall(availability(ids, now - DAY, now).values()).percent
        return {"has_figures": percent is not None, "share": percent_words(percent)}

    def _steps(self, progress: Progress) -> list[dict[str, Any]]:
        """Return the way to the first green trunk. The first thing not done yet is the current step."""
        done = (progress.has_trunk, progress.has_gateway, progress.has_answer, progress.was_up)
        trunks = self.url("list")
        see = "See what the carrier answers"
        texts = (
            ("Name your line", "Have your carrier's set-up page at hand.", trunks, ""),
            ("Enter the carrier's address", "Open your trunk and add a gateway.", trunks, "Open your trunk"),
            (
                "Put our addresses on the carrier's allowlist",
                "Most carriers answer nobody else.",
                trunks,
                see,
            ),
            (
                "See the first green trunk",
                "The carrier answers with an error. Its page has the fix.",
                trunks,
                see,
            ),
        )
        current = done.index(False) if False in done else len(done)
        # Without a trunk the page itself holds the one button there is to press.
        may_edit = Capability.TRUNKS_WRITE in self.request.capabilities
        steps: list[dict[str, Any]] = []
        for index, (title, detail, url, action) in enumerate(texts):
            step: dict[str, Any] = {"title": title, "state": "done" if done[index] else "todo"}
            if index == current:
                step |= {"state": "current", "detail": detail}
                if may_edit and progress.has_trunk:
                    step |= {"url": url, "action": action}
            steps.append(step)
        return steps
