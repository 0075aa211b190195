"""Gateways of a trunk: one page each, and the forms to add, change and delete them."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import QueryDict
from django.utils.functional import cached_property

from trunks.certificates.summaries import authorities_of, client_certificates_of
from trunks.enums import CredentialDirection
from trunks.gateways import services
from trunks.gateways.forms import GatewayEditForm, GatewayForm
from trunks.health.summaries import answer_rows, change_rows, gateway_rows, problems_of
from trunks.models import DigestCredential, Gateway
from trunks.pages.base import LivePage, OneTrunkPage
from trunks.pages.deleting import DeletePage
from trunks.pages.editing import TrunkFormPage
from trunks.queries import changes_of

CHANGES_SHOWN = 10


class GatewayPage(OneTrunkPage):
    """A page about one gateway of one trunk."""

    @cached_property
    def gateway(self) -> Gateway:
        """The gateway, with its health."""
        return self.find_gateway(self.kwargs["gateway_id"])


class GatewayDetail(LivePage, GatewayPage):
    """A gateway: state, last 20 answers, the last day, changes."""

    template_name = "trunks/gateway_detail.html"

    def page_context(self) -> dict[str, Any]:
        gateway = self.gateway
        row = gateway_rows([gateway])[0]
        changes = changes_of(self.tenant).filter(trunk=self.trunk, gateway=gateway)
        return {
            **self.trunk_context(),
            "headline": row.headline,
            "gateway": gateway,
            "row": row,
            "problems": problems_of([gateway]),
            "answers": answer_rows(gateway.answers.order_by("-at")),
            "changes": change_rows(changes, limit=CHANGES_SHOWN),
        }


class GatewayFormPage(TrunkFormPage):
    """A form about where a trunk leads: it says which passwords would be cleared, and which were."""

    template_name = "trunks/gateway_form.html"
    form_class: ClassVar[type[GatewayForm]]

    def make_form(self, data: QueryDict | None = None) -> forms.Form:
        return self.form_class(
            data,
            initial=self.initial(),
            authorities=authorities_of(self.tenant).values_list("pk", "name"),
            certificates=client_certificates_of(self.tenant).values_list("pk", "name"),
        )

    def page_context(self) -> dict[str, Any]:
        stored = DigestCredential.objects.filter(
            trunk=self.trunk, direction=CredentialDirection.OUTBOUND, secret__isnull=False
        )
        return {**super().page_context(), "stored_passwords": stored.defer("secret")}

    def warn(self, warnings: list[str]) -> None:
        """Tell the person what the change cleared."""
        for warning in warnings:
            messages.warning(self.request, warning)


class GatewayAdd(GatewayFormPage):
    """Add a gateway to a trunk."""

    form_class = GatewayForm

    def save(self, form: GatewayForm) -> str:
        _gateway, warnings = services.add_gateway(
            tenant=self.tenant, actor=self.actor, trunk=self.trunk, **form.changes()
        )
        self.warn(warnings)
        return "The gateway is added. Its first check takes seconds."

    def success_url(self) -> str:
        return self.trunk_url("detail")


class GatewayEdit(GatewayFormPage, GatewayPage):
    """Change a gateway."""

    form_class = GatewayEditForm

    def initial(self) -> dict[str, Any]:
        return GatewayEditForm.initial_of(self.gateway)

    def edited(self) -> Gateway:
        return self.gateway

    def page_context(self) -> dict[str, Any]:
        return {**super().page_context(), "gateway": self.gateway}

    def save(self, form: GatewayEditForm) -> str:
        _gateway, warnings = services.update_gateway(
            tenant=self.tenant,
            actor=self.actor,
            gateway=self.gateway,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        self.warn(warnings)
        return "The gateway is saved."

    def success_url(self) -> str:
        return self.trunk_url("gateway-detail", gateway_id=self.gateway.pk)


class GatewayDelete(DeletePage, GatewayPage):
    """Delete a gateway with its history."""

    heading: ClassVar[str] = "Delete this gateway?"
    button: ClassVar[str] = "Delete the gateway"
    consequence: ClassVar[str] = (
        "Calls no longer use it, and its checks stop at once. What it answered, and the history of its"
        " state, are deleted with it. This cannot be undone."
    )

    def subject(self) -> Gateway:
        return self.gateway

    def delete(self) -> str:
        services.delete_gateway(
            tenant=self.tenant, actor=self.actor, gateway=self.gateway, expected_version=self.expected_version
        )
        return f"{self.gateway} is deleted."

    def back_url(self) -> str:
        return self.trunk_url("gateway-detail", gateway_id=self.gateway.pk)

    def done_url(self) -> str:
        return self.trunk_url("detail")
