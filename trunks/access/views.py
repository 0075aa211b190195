"""How carrier and trunk recognise each other: networks that calls are accepted from, and credentials."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import cached_property

from trunks.access import services
from trunks.access.forms import CredentialEditForm, CredentialForm, NetworkEditForm, NetworkForm
from trunks.models import AllowedNetwork, DigestCredential
from trunks.pages.base import OneTrunkPage
from trunks.pages.deleting import DeletePage
from trunks.pages.editing import TrunkFormPage


class Access(OneTrunkPage):
    """The allowlist, the credentials, and our own addresses for the carrier's list."""

    tab = "access"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        networks = list(AllowedNetwork.objects.filter(trunk=self.trunk))
        credentials = list(DigestCredential.objects.filter(trunk=self.trunk).defer("secret"))
        context = {
            **self.trunk_context(),
            "networks": networks,
            "credentials": credentials,
        }
        return render(request, "trunks/access.html", context)


class AccessForm(TrunkFormPage):
    """A form whose object is listed on the access page."""

    def success_url(self) -> str:
        return self.trunk_url("access")


class NetworkAdd(AccessForm):
    """Allow calls from a network."""

    template_name = "trunks/network_form.html"
    form_class = NetworkForm

    def save(self, form: NetworkForm) -> str:
        network, warnings = services.add_allowed_network(
            tenant=self.tenant, actor=self.actor, trunk=self.trunk, **form.changes()
        )
        for warning in warnings:
            messages.warning(self.request, warning)
        return f"Calls from {network} are accepted."


class NetworkPage(OneTrunkPage):
    """A page about one network of the list."""

    @cached_property
    def network(self) -> AllowedNetwork:
        """The network. Raises Http404."""
        network = AllowedNetwork.objects.filter(trunk=self.trunk, pk=self.kwargs["network_id"]).first()
        if network is None:
            raise Http404("no such network here")
        return network


class NetworkEdit(AccessForm, NetworkPage):
    """Change a network or its note."""

    template_name = "trunks/network_form.html"
    form_class = NetworkEditForm

    def initial(self) -> dict[str, Any]:
        names = ("cidr", "note", "wide_confirmed", "version")
        return {name: getattr(self.network, name) for name in names}

    def edited(self) -> AllowedNetwork:
        return self.network

    def page_context(self) -> dict[str, Any]:
        return {**super().page_context(), "network": self.network}

    def save(self, form: NetworkEditForm) -> str:
        network, warnings = services.update_allowed_network(
            tenant=self.tenant,
            actor=self.actor,
            network=self.network,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        for warning in warnings:
            messages.warning(self.request, warning)
        return f"{network} is saved."


class NetworkDelete(DeletePage, NetworkPage):
    """Take a network off the list."""

    heading: ClassVar[str] = "Take this network off the list?"
    button: ClassVar[str] = "Take it off"
    consequence: ClassVar[str] = "Calls from it are no longer accepted on this trunk."

    def subject(self) -> AllowedNetwork:
        return self.network

    def delete(self) -> str:
        services.delete_allowed_network(
            tenant=self.tenant, actor=self.actor, network=self.network, expected_version=self.expected_version
        )
        return f"{self.network} is off the list."

    def back_url(self) -> str:
        return self.trunk_url("access")

    done_url = back_url


class CredentialAdd(AccessForm):
    """Store a user name and a password."""

    template_name = "trunks/credential_form.html"
    form_class = CredentialForm

    def save(self, form: CredentialForm) -> str:
        services.add_credential(tenant=self.tenant, actor=self.actor, trunk=self.trunk, **form.changes())
        return "The credential is stored. Its password is sealed now: nobody can read it here again."


class CredentialPage(OneTrunkPage):
    """A page about one credential."""

    @cached_property
    def credential(self) -> DigestCredential:
        """The credential. Raises Http404."""
        found = DigestCredential.objects.filter(trunk=self.trunk, pk=self.kwargs["credential_id"]).first()
        if found is None:
            raise Http404("no such credential here")
        return found


class CredentialEdit(AccessForm, CredentialPage):
    """Change a credential, or replace its password."""

    template_name = "trunks/credential_form.html"
    form_class = CredentialEditForm

    def make_form(self, data: QueryDict | None = None) -> CredentialEditForm:
        is_stored = self.credential.secret_set_at is not None
        return CredentialEditForm(data, initial=self.initial(), is_stored=is_stored)

    def initial(self) -> dict[str, Any]:
        return CredentialEditForm.initial_of(self.credential)

    def edited(self) -> DigestCredential:
        return self.credential

    def page_context(self) -> dict[str, Any]:
        return {**super().page_context(), "credential": self.credential}

    def save(self, form: CredentialEditForm) -> str:
        had_secret = self.credential.secret_set_at is not None
        credential = services.update_credential(
            tenant=self.tenant,
            actor=self.actor,
            credential=self.credential,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        if had_secret and credential.secret_set_at is None:
            messages.warning(
                self.request,
                "The stored password was cleared, because it was meant for another realm or direction."
                " Enter the one that belongs here.",
            )
        return f"{credential} is saved."


class CredentialDelete(DeletePage, CredentialPage):
    """Delete a credential with its password."""

    heading: ClassVar[str] = "Delete this credential?"
    button: ClassVar[str] = "Delete the credential"
    consequence: ClassVar[str] = (
        "Its password is destroyed. If the carrier asks for it, calls on this trunk are refused from then on."
    )

    def subject(self) -> DigestCredential:
        return self.credential

    def delete(self) -> str:
        services.delete_credential(
            tenant=self.tenant,
            actor=self.actor,
            credential=self.credential,
            expected_version=self.expected_version,
        )
        return f"{self.credential} is deleted."

    def back_url(self) -> str:
        return self.trunk_url("access")

    done_url = back_url
