"""What a trunk is called and how it is watched; deleting it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property

from trunks import services
from trunks.forms import PolicyForm, TrunkEditForm
from trunks.models import HealthPolicy, Trunk
from trunks.pages.base import EditsOnly, OneTrunkPage
from trunks.pages.deleting import DeletePage
from trunks.pages.editing import TrunkFormPage
from trunks.wording import policy_sentences


class TrunkEdit(TrunkFormPage):
    """Change name, direction and authentication of a trunk; switch it off and on."""

    tab = "edit"
    template_name = "trunks/edit.html"
    form_class = TrunkEditForm

    def initial(self) -> dict[str, Any]:
        return TrunkEditForm.initial_of(self.trunk)

    def edited(self) -> Trunk:
        return self.trunk

    def save(self, form: TrunkEditForm) -> str:
        services.update_trunk(
            tenant=self.tenant,
            actor=self.actor,
            trunk=self.trunk,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        return "The trunk is saved."

    def success_url(self) -> str:
        return self.trunk_url("detail")


class TrunkDelete(DeletePage):
    """Delete a trunk with everything that belongs to it."""

    heading: ClassVar[str] = "Delete this trunk?"
    button: ClassVar[str] = "Delete the trunk"
    consequence: ClassVar[str] = (
        "Its gateways are no longer checked, no call runs over it, and its stored passwords are destroyed."
        " Its history goes with it; the audit log keeps what was done. This cannot be undone."
    )

    def subject(self) -> Trunk:
        return self.trunk

    def delete(self) -> str:
        services.delete_trunk(
            tenant=self.tenant, actor=self.actor, trunk=self.trunk, expected_version=self.expected_version
        )
        return f"{self.trunk} is deleted."

    def back_url(self) -> str:
        return self.trunk_url("edit")

    def done_url(self) -> str:
        return self.url("list")


class PolicyEdit(TrunkFormPage):
    """Change how often gateways are asked, and how many answers it takes to believe a change."""

    tab = "policy"
    template_name = "trunks/policy.html"
    form_class = PolicyForm

    @cached_property
    def policy(self) -> HealthPolicy:
        """The trunk's policy."""
        return HealthPolicy.objects.get(trunk=self.trunk)

    def initial(self) -> dict[str, Any]:
        return PolicyForm.initial_of(self.policy)

    def edited(self) -> HealthPolicy:
        return self.policy

    def page_context(self) -> dict[str, Any]:
        sentences = policy_sentences(
            self.policy.interval_s, self.policy.failures_to_down, self.policy.successes_to_up
        )
        return {**super().page_context(), "sentences": sentences}

    def save(self, form: PolicyForm) -> str:
        services.update_health_policy(
            tenant=self.tenant,
            actor=self.actor,
            policy=self.policy,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        return "The health checks are saved."

    def success_url(self) -> str:
        return self.trunk_url("detail")


class PolicyPreview(EditsOnly, OneTrunkPage):
    """What the numbers in the form would mean, while they are typed."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = PolicyForm({**request.GET.dict(), "version": str(self.trunk.version)})
        context: dict[str, Any] = {"sentences": []}
        if form.is_valid():
            context["sentences"] = policy_sentences(**form.changes())
        return render(request, "trunks/policy.html#meaning", context)
