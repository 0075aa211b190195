"""The pages of certificates: what gateways trust and show over TLS."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property

from trunks.certificates import services
from trunks.certificates.forms import (
    AuthorityEditForm,
    AuthorityForm,
    ClientCertificateEditForm,
    ClientCertificateForm,
)
from trunks.certificates.summaries import authorities_of, certificate_rows, client_certificates_of
from trunks.models import ClientCertificate, Expiring, TrustedAuthority
from trunks.pages.base import EditsOnly, TrunksPage
from trunks.pages.deleting import Deleting
from trunks.pages.editing import FormPage


class CertificateList(TrunksPage):
    """All authorities and client certificates."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        context = {
            "authorities": certificate_rows(authorities_of(self.tenant)),
            "certificates": certificate_rows(client_certificates_of(self.tenant)),
        }
        return render(request, "trunks/certificates.html", context)


class OneAuthority(TrunksPage):
    """A page about one authority of the tenant; 404 for any other."""

    kind: ClassVar[str] = "authority"

    @cached_property
    def row(self) -> TrustedAuthority:
        """The authority."""
        row = authorities_of(self.tenant).filter(pk=self.kwargs["authority_id"]).first()
        if row is None:
            raise Http404("no such authority here")
        return row

    def own_url(self, name: str) -> str:
        """Return the address of one of its pages."""
        return self.url(f"authority-{name}", authority_id=self.row.pk)


class OneClientCertificate(TrunksPage):
    """A page about one client certificate of the tenant; 404 for any other."""

    kind: ClassVar[str] = "client-certificate"

    @cached_property
    def row(self) -> ClientCertificate:
        """The certificate, without its key."""
        row = client_certificates_of(self.tenant).filter(pk=self.kwargs["certificate_id"]).first()
        if row is None:
            raise Http404("no such certificate here")
        return row

    def own_url(self, name: str) -> str:
        """Return the address of one of its pages."""
        return self.url(f"client-certificate-{name}", certificate_id=self.row.pk)


class _Detail(TrunksPage):
    row: Any
    kind: ClassVar[str]

    def own_url(self, name: str) -> str:
        raise NotImplementedError

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        context = {
            "line": certificate_rows([self.row])[0],
            "kind": self.kind,
            "users": services.users_of(self.row),
            "list_url": self.url("certificates"),
            "edit_url": self.own_url("edit"),
            "delete_url": self.own_url("delete"),
        }
        return render(request, "trunks/certificate_detail.html", context)


class AuthorityDetail(OneAuthority, _Detail):
    """An authority: who it is, until when, and which gateways trust it."""


class ClientCertificateDetail(OneClientCertificate, _Detail):
    """A client certificate: who it says we are, until when, and which gateways show it."""


class _CertificateForm(FormPage):
    template_name = "trunks/certificate_form.html"
    kind: ClassVar[str]
    row: Any = None

    def page_context(self) -> dict[str, Any]:
        return {"kind": self.kind, "row": self.row, "list_url": self.url("certificates")}

    def success_url(self) -> str:
        return self.url("certificates")


class AuthorityAdd(_CertificateForm):
    """Add an authority."""

    kind = "authority"
    form_class = AuthorityForm

    def save(self, form: AuthorityForm) -> str:
        given = {name: form.cleaned_data[name] for name in ("name", "certificates")}
        row = services.add_authority(tenant=self.tenant, actor=self.actor, **given)
        return f"“{row.name}” is added. Choose it on the page of a gateway over TLS."


class ClientCertificateAdd(_CertificateForm):
    """Add a client certificate."""

    kind = "client-certificate"
    form_class = ClientCertificateForm

    def save(self, form: ClientCertificateForm) -> str:
        row = services.add_client_certificate(tenant=self.tenant, actor=self.actor, **form.cleaned_data)
        return f"“{row.name}” is added. Choose it on the page of a gateway over TLS."


class _EditPage(_CertificateForm):
    def own_url(self, name: str) -> str:
        raise NotImplementedError

    def initial(self) -> dict[str, Any]:
        return AuthorityEditForm.initial_of(self.row)

    def edited(self) -> Expiring:
        row: Expiring = self.row
        return row

    def page_context(self) -> dict[str, Any]:
        return {**super().page_context(), "users": services.users_of(self.row)}

    def success_url(self) -> str:
        return self.own_url("detail")


class AuthorityEdit(OneAuthority, _EditPage):
    """Rename an authority, or replace its certificates."""

    capability = EditsOnly.capability
    form_class = AuthorityEditForm

    def save(self, form: AuthorityEditForm) -> str:
        row, warnings = services.update_authority(
            tenant=self.tenant,
            actor=self.actor,
            authority=self.row,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        for warning in warnings:
            messages.warning(self.request, warning)
        return f"“{row.name}” is saved."


class ClientCertificateEdit(OneClientCertificate, _EditPage):
    """Rename a client certificate, or replace it with its key."""

    capability = EditsOnly.capability
    form_class = ClientCertificateEditForm

    def save(self, form: ClientCertificateEditForm) -> str:
        row = services.update_client_certificate(
            tenant=self.tenant,
            actor=self.actor,
            certificate=self.row,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        return f"“{row.name}” is saved."


class _DeletePage(Deleting, EditsOnly):
    row: Any
    kind: ClassVar[str]

    def own_url(self, name: str) -> str:
        raise NotImplementedError

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context = {
            "row": self.row,
            "version": self.row.version,
            "kind": self.kind,
            "users": services.users_of(self.row),
            "list_url": self.done_url(),
            "back_url": self.back_url(),
        }
        return render(request, "trunks/certificate_delete.html", context)

    def subject(self) -> Any:
        return self.row

    def back_url(self) -> str:
        return self.own_url("detail")

    def done_url(self) -> str:
        return self.url("certificates")


class AuthorityDelete(OneAuthority, _DeletePage):
    """Delete an authority that no gateway uses."""

    capability = EditsOnly.capability

    def delete(self) -> str:
        services.delete_authority(
            tenant=self.tenant,
            actor=self.actor,
            authority=self.row,
            expected_version=self.expected_version,
        )
        return f"“{self.row.name}” is deleted."


class ClientCertificateDelete(OneClientCertificate, _DeletePage):
    """Delete a client certificate that no gateway uses, with its key."""

    capability = EditsOnly.capability

    def delete(self) -> str:
        services.delete_client_certificate(
            tenant=self.tenant,
            actor=self.actor,
            certificate=self.row,
            expected_version=self.expected_version,
        )
        return f"“{self.row.name}” is deleted."
