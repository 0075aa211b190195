"""The session timers of a trunk: the form, and what its numbers mean while they are typed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property

from trunks.models import SessionTimerPolicy
from trunks.pages.base import EditsOnly, OneTrunkPage
from trunks.pages.editing import TrunkFormPage
from trunks.session_timers import services
from trunks.session_timers.forms import SessionTimerForm
from trunks.session_timers.policy import policy_sentences
from trunks.session_timers.providers import told_providers


class SessionTimerEdit(TrunkFormPage):
    """Change whether calls have a session timer, who keeps it, and how long calls may last."""

    tab = "session-timers"
    template_name = "trunks/session_timers.html"
    form_class = SessionTimerForm

    @cached_property
    def policy(self) -> SessionTimerPolicy:
        """The trunk's policy."""
        return SessionTimerPolicy.objects.get(trunk=self.trunk)

    def initial(self) -> dict[str, Any]:
        return SessionTimerForm.initial_of(self.policy)

    def edited(self) -> SessionTimerPolicy:
        return self.policy

    def page_context(self) -> dict[str, Any]:
        return {**super().page_context(), "providers": told_providers(self.policy)}

    def show(self, form: Any, *, status: int = 200, **more: Any) -> HttpResponse:
        sentences = form.meaning() if form.is_bound else policy_sentences(self.policy)
        return super().show(form, status=status, sentences=sentences, **more)

    def save(self, form: SessionTimerForm) -> str:
        services.update_session_timer_policy(
            tenant=self.tenant,
            actor=self.actor,
            policy=self.policy,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        return "The session timers are saved. New calls use them."

    def success_url(self) -> str:
        return self.trunk_url("detail")


class SessionTimerPreview(EditsOnly, OneTrunkPage):
    """What the numbers in the form would mean, while they are typed."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = SessionTimerForm({**request.GET.dict(), "version": str(self.trunk.version)})
        return render(request, "trunks/session_timers.html#meaning", {"sentences": form.meaning()})
