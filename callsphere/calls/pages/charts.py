"""Calls as pictures: how many, how many were answered, with which codes, how long."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from callsphere.calls.figures import PERIODS, figures_of
from callsphere.calls.pages.base import CallsPage
from callsphere.calls.wording import money_words


class Charts(CallsPage):
    """The figures of the last days, each picture with its table."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        days = next((each for each in PERIODS if request.GET.get("days") == str(each)), PERIODS[0])
        figures = figures_of(self.tenant, days, timezone.now())
        most = max((count for _, count in figures.lengths), default=0)
        periods = [
            {"label": f"{each} days", "url": f"{request.path}?days={each}", "active": each == days}
            for each in PERIODS
        ]
        context = {
            "figures": figures,
            "days": days,
            "ai_cost": money_words(figures.ai_cost),
            "periods": periods,
            "log_url": self.url("list"),
            "volume_names": ["Answered", "Not answered"],
            "rate_names": ["Answer rate"],
            "lengths": [
                {"name": name, "count": count, "share": count / most if most else 0}
                for name, count in figures.lengths
            ],
        }
        return render(request, "calls/charts.html", context)
