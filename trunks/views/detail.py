"""A trunk: what state it is in and why, its gateways, what they answered, what changed."""

from __future__ import annotations

from typing import Any

from tenants.enums import ActorKind
from trunks.carriers.services import differences_of
from trunks.checks.queries import latest_checks
from trunks.checks.reports import told_cause_of
from trunks.checks.summaries import check_row, news_of
from trunks.checks.views.checks import check_form
from trunks.enums import Verdict
from trunks.health.summaries import answer_rows, change_rows, gateway_rows, problems_of
from trunks.models import HealthPolicy, ReadinessCheck, SessionTimerPolicy, Trunk
from trunks.pages.base import LivePage, OneTrunkPage
from trunks.presets.catalogue import carrier_presets
from trunks.queries import (
    changes_of,
    gateways_of,
    latest_answers,
)
from trunks.registrations.summaries import card_of, registrations_of
from trunks.session_timers import policy as session_timers
from trunks.session_timers.providers import untold_sentence
from trunks.wording import authentication_words, policy_sentences, provider_words

ANSWERS_SHOWN = 8
CHANGES_SHOWN = 5


class TrunkDetail(LivePage, OneTrunkPage):
    """The first page of a trunk."""

    tab = "detail"
    template_name = "trunks/detail.html"

    def page_context(self) -> dict[str, Any]:
        trunk = self.trunk
        gateways = list(gateways_of(trunk))
        policy = HealthPolicy.objects.get(trunk=trunk)
        timers = SessionTimerPolicy.objects.get(trunk=trunk)
        last = next(iter(latest_checks(trunk, 1)), None)
        registration = registrations_of(self.tenant).filter(trunk=trunk).first()
        return {
            **self.trunk_context(),
            "registers": self.registers,
            "card": card_of(registration) if registration else None,
            "rows": gateway_rows(gateways),
            "problems": problems_of(gateways),
            "last_check": check_row(last) if last else None,
            **_scheduled(last),
            "check_form": check_form(trunk),
            "answers": answer_rows(latest_answers(gateways, ANSWERS_SHOWN)),
            "changes": change_rows(changes_of(self.tenant).filter(trunk=trunk), limit=CHANGES_SHOWN),
            "policy_sentences": policy_sentences(
                policy.interval_s, policy.failures_to_down, policy.successes_to_up
            ),
            "timer_sentences": session_timers.policy_sentences(timers),
            "untold_timers": untold_sentence(timers),
            "authentication": authentication_words(trunk.authentication),
            "provider_news": provider_words(trunk.provision_state),
            **_carrier_news(trunk),
        }


def _carrier_news(trunk: Trunk) -> dict[str, Any]:
    """Return a sentence about facts of the carrier that changed and were not taken over, if there are any."""
    preset = carrier_presets().get(trunk.preset_key)
    if preset is None or preset.version == trunk.preset_version:
        return {}
    count = sum(line.is_new for line in differences_of(trunk, preset))
    changed = "1 fact has" if count == 1 else f"{count} facts have"
    return {"news": f"{preset.name}: {changed} changed at your carrier"} if count else {}


def _scheduled(last: ReadinessCheck | None) -> dict[str, Any]:
    """Return why the last check failed, and what is new about that, where nobody was looking."""
    if last is None or last.requested_kind != ActorKind.SYSTEM or last.verdict != Verdict.FAIL:
        return {}
    return {"scheduled_failure": told_cause_of(last), "scheduled_news": news_of(last)}
