"""The page that an invitation's link leads to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.views.generic.base import View

from callsphere.lib.errors import Refused
from tenants.adapter import PENDING_INVITATION
from tenants.models import Invitation
from tenants.services import accept_invitation, find_invitation
from tenants.views.base import actor_of
from tenants.views.home import dashboard_url


class InvitationPage(View):
    """Says who invites whom to what, and joins. Works signed out; says when somebody else is signed in."""

    def get(self, request: Any, token: str) -> HttpResponseBase:
        invitation = find_invitation(token)
        if invitation is None:
            return self._ended()
        if not request.user.is_authenticated:
            request.session[PENDING_INVITATION] = {
                "token": token,
                "email": invitation.email,
                "organisation": invitation.tenant.name,
            }
        return self._show(invitation)

    def post(self, request: Any, token: str) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.path)
        invitation = find_invitation(token)
        if invitation is None:
            return self._ended()
        try:
            accept_invitation(invitation=invitation, user=request.user, actor=actor_of(request))
        except Refused as refusal:
            return self._show(invitation, str(refusal), status=409)
        request.session.pop(PENDING_INVITATION, None)
        messages.success(request, f"You are a member of {invitation.tenant.name} now.")
        return HttpResponseRedirect(dashboard_url(invitation.tenant.slug))

    def _show(self, invitation: Invitation, refusal: str = "", status: int = 200) -> HttpResponse:
        user = self.request.user
        target = urlencode({"next": self.request.path})
        context = {
            "invitation": invitation,
            "organisation": invitation.tenant.name,
            "is_theirs": user.is_authenticated and user.email.lower() == invitation.email.lower(),
            "refusal": refusal,
            "sign_in_url": f"{resolve_url(settings.LOGIN_URL)}?{target}",
            "sign_up_url": f"{reverse('account_signup')}?{target}&{urlencode({'email': invitation.email})}",
        }
        return render(self.request, "tenants/invitation.html", context, status=status)

    def _ended(self) -> HttpResponse:
        return render(self.request, "tenants/invitation_ended.html", status=404)
