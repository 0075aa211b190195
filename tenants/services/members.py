"""People in a tenant: inviting, joining, changing roles, leaving."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from callsphere.lib.errors import LimitReached, Refused
from tenants.access import roles_grantable_by
from tenants.audit import Actor, record_event
from tenants.context import tenant_context
from tenants.enums import Role, RouteKind
from tenants.models import (
    INVITATION_LIFETIME,
    AuditEvent,
    Invitation,
    Membership,
    Tenant,
    TenantRoute,
    User,
)
from tenants.services.counted import count_members
from tenants.services.editing import lock_tenant
from tenants.tokens import hash_token, new_token

# Between two mails to the same invited person.
RESEND_AFTER = timedelta(minutes=1)
# How many mails a tenant may send within an hour; withdrawing an invitation gives none back.
INVITATION_MAILS_PER_HOUR = 30
_MAILED = ("invitation.sent", "invitation.resent")


def invite_member(*, tenant: Tenant, actor: Actor, inviter: Membership, email: str, role: str) -> Invitation:
    """Send an invitation by e-mail; the person becomes a member by accepting it.

    Raises ValidationError for a bad address, a role above the inviter's, a member or an invited person,
    LimitReached when the team is full, and Refused after INVITATION_MAILS_PER_HOUR.
    """
    email = email.strip().lower()
    validate_email(email)
    _check_grantable(inviter, role)
    if Membership.objects.filter(tenant=tenant, user__email__iexact=email).exists():
        raise ValidationError({"email": f"{email} is a member already."})
    token = new_token()
    invitation = Invitation(
        tenant=tenant,
        email=email,
        role=role,
        invited_by=inviter.user,
        token_hash=hash_token(token),
        expires_at=timezone.now() + INVITATION_LIFETIME,
    )
    try:
        with transaction.atomic():
            _check_member_limit(tenant, with_invited=True)
            _check_mails(tenant)
            _withdraw_expired(tenant, email)
            invitation.save()
            TenantRoute.objects.create(hash=invitation.token_hash, kind=RouteKind.INVITATION, tenant=tenant)
            changes = {"role": [None, role]}
            record_event(tenant=tenant, actor=actor, verb="invitation.sent", obj=invitation, changes=changes)
            _mail_invitation(invitation, token)
    except IntegrityError:
        raise ValidationError(
            {"email": f"{email} is invited already. Withdraw that invitation first."}
        ) from None
    return invitation


def resend_invitation(*, tenant: Tenant, actor: Actor, inviter: Membership, invitation: Invitation) -> None:
    """Send the mail again, with a new link that lives for a week; the old link stops working.

    Raises Refused when the offer has ended, the last mail was sent within a minute, or after
    INVITATION_MAILS_PER_HOUR; ValidationError when the role is above the inviter's.
    """
    _check_grantable(inviter, invitation.role)
    token = new_token()
    with transaction.atomic():
        lock_tenant(tenant)  # before any invitation: always in this order, or two requests could deadlock
        locked = (
            Invitation.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=invitation.pk)
        )
        if locked.accepted_at or locked.revoked_at:
            raise Refused("This invitation was used or withdrawn. Send a new one.")
        now = timezone.now()
        if locked.expires_at > now + INVITATION_LIFETIME - RESEND_AFTER:
            raise Refused(f"A mail went to {locked.email} a moment ago. Wait a minute.")
        _check_mails(tenant)
        TenantRoute.objects.filter(hash=locked.token_hash).delete()
        locked.token_hash = hash_token(token)
        locked.expires_at = now + INVITATION_LIFETIME
        locked.invited_by = inviter.user
        locked.save(update_fields=["token_hash", "expires_at", "invited_by"])
        TenantRoute.objects.create(hash=locked.token_hash, kind=RouteKind.INVITATION, tenant=tenant)
        record_event(tenant=tenant, actor=actor, verb="invitation.resent", obj=locked)
        _mail_invitation(locked, token)


def revoke_invitation(*, tenant: Tenant, actor: Actor, invitation: Invitation) -> None:
    """Withdraw an invitation: its link stops working."""
    with transaction.atomic():
        open_ones = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
        if open_ones.update(revoked_at=timezone.now()):
            TenantRoute.objects.filter(hash=invitation.token_hash).delete()
            record_event(
                tenant=tenant, actor=actor, verb="invitation.revoked", obj=invitation, even_read_only=True
            )


def find_invitation(token: str) -> Invitation | None:
    """Return the open invitation that a link's token leads to. Call it outside any context."""
    digest = hash_token(token)
    route = TenantRoute.objects.filter(hash=digest, kind=RouteKind.INVITATION).first()
    if route is None:
        return None
    with tenant_context(Tenant(pk=route.tenant_id)):
        invitation = (
            Invitation.objects.select_related("tenant", "invited_by")
            .filter(token_hash=digest, tenant__is_active=True)
            .first()
        )
    return invitation if invitation is not None and invitation.is_open else None


def accept_invitation(*, invitation: Invitation, user: User, actor: Actor) -> Membership:
    """Make the person a member. Opens the tenant's context. Raises Refused when the offer has ended."""
    if user.email.lower() != invitation.email.lower():
        raise Refused(f"This invitation is for {invitation.email}. Sign in with that address.")
    tenant = invitation.tenant
    with tenant_context(tenant):
        lock_tenant(tenant)
        locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if not locked.is_open:
            raise Refused("This invitation was used, withdrawn, or has expired. Ask for a new one.")
        _check_member_limit(tenant)
        locked.accepted_at = timezone.now()
        locked.save(update_fields=["accepted_at"])
        TenantRoute.objects.filter(hash=locked.token_hash).delete()
        member, joined = Membership.objects.get_or_create(
            tenant=tenant, user=user, defaults={"role": locked.role}
        )
        if joined:
            changes = {"role": [None, member.role]}
            record_event(
                tenant=tenant,
                actor=actor,
                verb="member.joined",
                obj=member,
                changes=changes,
                even_read_only=True,
            )
    return member


def change_role(
    *, tenant: Tenant, actor: Actor, changer: Membership, member: Membership, role: str
) -> Membership:
    """Give a member another role. The last owner stays one."""
    with transaction.atomic():
        members = _lock_members(tenant)
        changer, locked = _still(members, changer), _still(members, member)
        _check_grantable(changer, role)
        _check_grantable(changer, locked.role)
        if locked.role == role:
            return locked
        if locked.role == Role.OWNER:
            _check_another_owner(tenant)
        before, locked.role = locked.role, role
        locked.save(update_fields=["role"])
        changes = {"role": [before, role]}
        record_event(
            tenant=tenant,
            actor=actor,
            verb="member.role_changed",
            obj=locked,
            changes=changes,
            even_read_only=True,
        )
    return locked


def remove_member(*, tenant: Tenant, actor: Actor, remover: Membership, member: Membership) -> None:
    """Take a person out of the tenant; leaving oneself needs no rank. The last owner stays."""
    with transaction.atomic():
        members = _lock_members(tenant)
        remover, locked = _still(members, remover), _still(members, member)
        if locked.pk != remover.pk:
            _check_grantable(remover, locked.role)
        if locked.role == Role.OWNER:
            _check_another_owner(tenant)
        record_event(
            tenant=tenant,
            actor=actor,
            verb="member.removed",
            obj=locked,
            changes={"role": [locked.role, None]},
            even_read_only=True,
        )
        locked.delete()


def _lock_members(tenant: Tenant) -> dict[object, Membership]:
    """Lock them all: two owners who remove each other at once must not both succeed."""
    members = Membership.objects.select_for_update(of=("self",)).filter(tenant=tenant).select_related("user")
    return {member.pk: member for member in members.order_by("pk")}


def _still(members: dict[object, Membership], member: Membership) -> Membership:
    """Return the member as stored now. Raises Refused for one who has left meanwhile."""
    if member.pk not in members:
        raise Refused(f"{member.user.get_full_name()} is not a member any more.", code="left_meanwhile")
    return members[member.pk]


def _check_another_owner(tenant: Tenant) -> None:
    if Membership.objects.filter(tenant=tenant, role=Role.OWNER).count() < 2:
        raise Refused("A tenant needs an owner. Make somebody else an owner first.", code="last_owner")


def _check_grantable(member: Membership, role: str) -> None:
    if role not in roles_grantable_by(member.role):
        raise ValidationError({"role": "You may not give or take this role."})


def _check_member_limit(tenant: Tenant, *, with_invited: bool = False) -> None:
    limit = lock_tenant(tenant).member_limit
    if count_members(tenant, with_invited=with_invited) >= limit:
        raise LimitReached(
            f"Your plan has room for {limit} members, open invitations included."
            " Remove one or change the plan."
        )


def _check_mails(tenant: Tenant) -> None:
    """Count in the audit log, with the tenant locked."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    mails = AuditEvent.objects.filter(tenant=tenant, verb__in=_MAILED, created_at__gt=an_hour_ago)
    if mails.count() >= INVITATION_MAILS_PER_HOUR:
        raise Refused(
            f"Your team sent {INVITATION_MAILS_PER_HOUR} invitations within an hour. Try again later.",
            code="too_many_invitations",
        )


def _withdraw_expired(tenant: Tenant, email: str) -> None:
    now = timezone.now()
    expired = Invitation.objects.filter(
        tenant=tenant, email__iexact=email, accepted_at=None, revoked_at=None, expires_at__lte=now
    )
    TenantRoute.objects.filter(hash__in=list(expired.values_list("token_hash", flat=True))).delete()
    expired.update(revoked_at=now)


def _mail_invitation(invitation: Invitation, token: str) -> None:
    context = {
        "invitation": invitation,
        "link": settings.PUBLIC_URL + reverse("tenants:invitation", kwargs={"token": token}),
    }
    send_mail(
        subject=f"Join {invitation.tenant.name} on CallSphere",
        message=render_to_string("tenants/email/invitation.txt", context),
        html_message=render_to_string("tenants/email/invitation.html", context),
        from_email=None,
        recipient_list=[invitation.email],
    )
