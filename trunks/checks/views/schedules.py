"""Checking a trunk by itself, from time to time."""

from __future__ import annotations

from typing import Any

from trunks.checks import services
from trunks.checks.forms import ScheduleForm
from trunks.models import CheckSchedule, Trunk
from trunks.pages.editing import TrunkFormPage


class ScheduleEdit(TrunkFormPage):
    """How often, and with which options."""

    template_name = "trunks/check_schedule.html"
    form_class = ScheduleForm

    def initial(self) -> dict[str, Any]:
        names = ("every_hours", "call", "caller", "register", "version")
        stored = CheckSchedule.objects.filter(trunk=self.trunk.pk).values(*names).first()
        return stored or {"version": 0}

    def edited(self) -> Trunk:
        # The audit log names the trunk: it also knows of a schedule that is gone.
        trunk: Trunk = self.trunk
        return trunk

    def save(self, form: ScheduleForm) -> str:
        mine: dict[str, Any] = {
            "tenant": self.tenant,
            "actor": self.actor,
            "trunk": self.trunk,
            "expected_version": form.cleaned_data["version"],
        }
        if not form.cleaned_data["every_hours"]:
            services.stop_check_schedule(**mine)
            return "This line is checked on request alone."
        every_hours = int(form.cleaned_data["every_hours"])
        services.set_check_schedule(**mine, every_hours=every_hours, **form.options())
        return "The schedule is saved."

    def success_url(self) -> str:
        return self.trunk_url("checks")
