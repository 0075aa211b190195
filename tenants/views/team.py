"""The team: who is in a tenant, who is invited, and what each role may do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property

from callsphere.lib.errors import Refused
from tenants.access import CAPABILITIES, DESCRIPTIONS, ROLE_DESCRIPTIONS, Capability, roles_grantable_by
from tenants.enums import Role
from tenants.forms import InviteForm, RoleForm
from tenants.mixins import TenantViewMixin
from tenants.models import Invitation, Membership
from tenants.queries import members_of, open_invitations_of
from tenants.services import change_role, invite_member, remove_member, resend_invitation, revoke_invitation
from tenants.views.base import ConfirmPage, FormPage


class TeamPage(TenantViewMixin):
    """A page about the team."""

    capability = Capability.TEAM_READ
    write_capability = Capability.TEAM_WRITE

    def team_url(self) -> str:
        """Return the address of the list."""
        return reverse("tenants:team", kwargs={"tenant": self.tenant.slug})

    @cached_property
    def member(self) -> Membership:
        """The member that the address names. Raises Http404."""
        return get_object_or_404(members_of(self.tenant), pk=self.kwargs["member_id"])

    @cached_property
    def invitation(self) -> Invitation:
        """The open or expired invitation that the address names. Raises Http404."""
        return get_object_or_404(open_invitations_of(self.tenant), pk=self.kwargs["invitation_id"])


class Team(TeamPage):
    """Members, open invitations, and what each role may do."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        grantable = roles_grantable_by(request.membership.role)
        members = [
            {
                "member": member,
                "is_self": member.pk == request.membership.pk,
                "may_edit": Capability.TEAM_WRITE in request.capabilities and member.role in grantable,
            }
            for member in members_of(self.tenant)
        ]
        context = {
            "members": members,
            "invitations": list(open_invitations_of(self.tenant)),
            "roles": list(Role),
            "role_rows": role_rows(),
            "role_descriptions": [(role.label, ROLE_DESCRIPTIONS[role]) for role in Role],
        }
        return render(request, "tenants/team.html", context)


def role_rows() -> list[dict[str, Any]]:
    """Return one row for each capability: its words, and for each role whether it has it."""
    return [
        {"label": label, "help": text, "cells": [(role.label, each in CAPABILITIES[role]) for role in Role]}
        for each, (label, text) in DESCRIPTIONS.items()
    ]


class Invite(TeamPage, FormPage):
    """Invites somebody by e-mail."""

    capability = Capability.TEAM_WRITE
    template_name = "tenants/invite.html"
    form_class = InviteForm

    def make_form(self, data: Any = None) -> InviteForm:
        return InviteForm(data, giver=self.request.membership)

    def save(self, form: InviteForm) -> HttpResponseBase:
        invitation = invite_member(
            tenant=self.tenant,
            actor=self.actor,
            inviter=self.request.membership,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
        )
        messages.success(self.request, f"An invitation is on its way to {invitation.email}.")
        return HttpResponseRedirect(self.team_url())


class MemberPage(TeamPage, FormPage):
    """Gives a member another role, or takes them out."""

    capability = Capability.TEAM_WRITE
    template_name = "tenants/member.html"
    form_class = RoleForm

    def make_form(self, data: Any = None) -> RoleForm:
        return RoleForm(data, giver=self.request.membership, initial={"role": self.member.role})

    def save(self, form: RoleForm) -> HttpResponseBase:
        member = change_role(
            tenant=self.tenant,
            actor=self.actor,
            changer=self.request.membership,
            member=self.member,
            role=form.cleaned_data["role"],
        )
        messages.success(
            self.request, f"{member.user.get_full_name()} has the role {member.get_role_display()} now."
        )
        return HttpResponseRedirect(self.team_url())

    def page_context(self) -> dict[str, Any]:
        return {
            "member": self.member,
            "is_self": self.member.pk == self.request.membership.pk,
            "may_edit": self.member.role in roles_grantable_by(self.request.membership.role),
        }


class MemberRemove(TeamPage, ConfirmPage):
    """Takes a member out; everybody may take out themselves."""

    write_capability = Capability.TEAM_READ

    @property
    def is_self(self) -> bool:
        """Whether the person leaves on their own."""
        return self.member.pk == self.request.membership.pk

    def question(self) -> dict[str, str]:
        self._check()
        crumb = {"crumb": "Team", "crumb_url": self.team_url()}
        if self.is_self:
            return crumb | {
                "heading": f"Leave {self.tenant.name}?",
                "text": "You lose access at once. To come back, you need a new invitation."
                " API keys that you made keep working.",
                "button": "Leave the organisation",
            }
        return crumb | {
            "heading": f"Remove {self.member.user.get_full_name()}?",
            "text": f"They lose access to {self.tenant.name} at once. API keys that they made keep working:"
            " revoke those that should not.",
            "button": "Remove the member",
        }

    def act(self) -> str:
        self._check()
        name = self.member.user.get_full_name()
        remove_member(
            tenant=self.tenant, actor=self.actor, remover=self.request.membership, member=self.member
        )
        self.has_left = self.is_self
        return f"You left {self.tenant.name}." if self.is_self else f"{name} was removed."

    def back_url(self) -> str:
        return self.team_url()

    def done_url(self) -> str:
        return reverse("tenants:home") if getattr(self, "has_left", False) else self.team_url()

    def _check(self) -> None:
        if not self.is_self and Capability.TEAM_WRITE not in self.request.capabilities:
            raise PermissionDenied


class InvitationWithdraw(TeamPage, ConfirmPage):
    """Ends an invitation that was not accepted yet."""

    capability = Capability.TEAM_WRITE

    def question(self) -> dict[str, str]:
        return {
            "crumb": "Team",
            "crumb_url": self.team_url(),
            "heading": f"Withdraw the invitation of {self.invitation.email}?",
            "text": "The link in their mail stops working. You can invite them again.",
            "button": "Withdraw it",
        }

    def act(self) -> str:
        revoke_invitation(tenant=self.tenant, actor=self.actor, invitation=self.invitation)
        return f"The invitation of {self.invitation.email} was withdrawn."

    def back_url(self) -> str:
        return self.team_url()


class InvitationResend(TeamPage):
    """Sends an invitation's mail again, with a fresh link."""

    capability = Capability.TEAM_WRITE
    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            resend_invitation(
                tenant=self.tenant,
                actor=self.actor,
                inviter=request.membership,
                invitation=self.invitation,
            )
        except (Refused, ValidationError) as error:
            text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            messages.error(request, text)
        else:
            messages.success(
                request, f"A new link is on its way to {self.invitation.email}. The old one ended."
            )
        return HttpResponseRedirect(self.team_url())
