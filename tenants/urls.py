"""Addresses of the pages about people, organisations, keys and the log."""

from django.urls import URLPattern, path

from tenants.views import api_keys, audit, home, invitations, second_factor, security, settings, support, team

app_name = "tenants"

_TENANT = "t/<slug:tenant>/"
_TEAM = f"{_TENANT}team/"
_MEMBER = f"{_TEAM}members/<uuid:member_id>/"
_INVITATION = f"{_TEAM}invitations/<uuid:invitation_id>/"
_API_KEYS = f"{_TENANT}api-keys/"
_SECURITY = "account/security/"

urlpatterns: list[URLPattern] = [
    path("app/", home.Home.as_view(), name="home"),
    path("welcome/", home.Welcome.as_view(), name="welcome"),
    path("invitations/<str:token>/", invitations.InvitationPage.as_view(), name="invitation"),
    path(_SECURITY, security.Security.as_view(), name="security"),
    path(f"{_SECURITY}set-up/", security.SetUp.as_view(), name="second-factor-set-up"),
    path(f"{_SECURITY}recovery-codes/", security.RecoveryCodes.as_view(), name="recovery-codes"),
    path(f"{_SECURITY}turn-off/", security.TurnOff.as_view(), name="second-factor-turn-off"),
    path("account/second-factor/", second_factor.SecondFactor.as_view(), name="second-factor"),
    path("support/leave/", support.Leave.as_view(), name="support-leave"),
    path(_TEAM, team.Team.as_view(), name="team"),
    path(f"{_TEAM}invite/", team.Invite.as_view(), name="invite"),
    path(_MEMBER, team.MemberPage.as_view(), name="member"),
    path(f"{_MEMBER}remove/", team.MemberRemove.as_view(), name="member-remove"),
    path(f"{_INVITATION}resend/", team.InvitationResend.as_view(), name="invitation-resend"),
    path(f"{_INVITATION}withdraw/", team.InvitationWithdraw.as_view(), name="invitation-withdraw"),
    path(_API_KEYS, api_keys.ApiKeys.as_view(), name="api-keys"),
    path(f"{_API_KEYS}create/", api_keys.ApiKeyCreate.as_view(), name="api-key-create"),
    path(f"{_API_KEYS}<uuid:key_id>/revoke/", api_keys.ApiKeyRevoke.as_view(), name="api-key-revoke"),
    path(f"{_TENANT}audit/", audit.AuditLog.as_view(), name="audit"),
    path(f"{_TENANT}settings/", settings.Settings.as_view(), name="settings"),
]
