"""Which tenant a request is about, and the database context it runs in."""

import uuid
from collections.abc import Callable
from typing import cast

import structlog
from django.contrib import messages
from django.contrib.auth import logout
from django.core.handlers.exception import response_for_exception
from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone

from callsphere.lib.errors import ReadOnly
from tenants.access import Capability, capabilities_of
from tenants.audit import Actor
from tenants.authentication import find_api_key
from tenants.context import platform_context, tenant_context, user_context
from tenants.errors import busy, refused_read_only, too_many_requests, took_too_long
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.support import VISIT_CAPABILITIES, visiting
from tenants.throttling import seconds_to_wait

IDLE_SECONDS = 60 * 60
# Pages that refresh themselves say so, and do not count as somebody being there.
BACKGROUND_HEADER = "X-Background"
# Where the session keeps the slug of the tenant that was looked at last.
LAST_TENANT = "last_tenant"


class TenantRequest(HttpRequest):
    """A request whose tenant is known: `membership` below /t/<slug>/, `api_key` below /api/."""

    user: User
    tenant: Tenant
    membership: Membership
    capabilities: frozenset[Capability]
    actor: Actor
    is_support_visit: bool
    api_key: ApiKey


class TenantMiddleware:
    """Opens the right database context around the view.

    1. `/t/<slug>/…`: the signed-in person's membership is looked up once; none means 404, never 403.
       Support that visits the tenant (see `tenants.support`) may read.
       Pages write times by the tenant's clock; everything else, the API included, by UTC.
       The view runs inside `tenant_context`. A failed response rolls everything back.
    2. `/api/…` with an API key that holds: the key's tenant, the same way, unless its keys made too many
       requests. Without a key the view answers 401.
    3. `/admin/…` for staff with a verified second factor: `platform_context`.
    4. Everything else runs without a context and sees no tenant's rows.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self._in_context(request)
        except OperationalError as error:
            if took_too_long(error):
                return busy(request, error)
            raise

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Answer for a view whose statement the database ended, or whose tenant may only look."""
        if isinstance(error, ReadOnly):
            return refused_read_only(request, error)
        return busy(request, error) if took_too_long(error) else None

    def _in_context(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/api/"):
            return self._for_program(request)
        end_idle_session(request)
        user = request.user
        slug = _tenant_slug(request)
        if slug is not None and isinstance(user, User):
            return self._for_member(request, user, slug)
        if request.path_info.startswith("/admin/") and _is_verified_staff(user):
            with platform_context("admin"):
                return self._respond(request)
        return self.get_response(request)

    def _for_member(self, request: HttpRequest, user: User, slug: str) -> HttpResponseBase:
        request = cast(TenantRequest, request)
        membership = find_membership(user.pk, slug)
        visit = None
        if membership is None and _is_verified_staff(user):
            visit = membership = visiting(request, user, slug)
        if membership is None:
            return response_for_exception(request, Http404("no such tenant for this person"))
        request.tenant = membership.tenant
        request.membership = membership
        request.is_support_visit = visit is not None
        request.capabilities = VISIT_CAPABILITIES if visit else capabilities_of(membership.role)
        actor_of = Actor.staff if visit else Actor.user
        if visit is None and request.session.get(LAST_TENANT) != slug:
            request.session[LAST_TENANT] = slug
        request.actor = actor_of(user, ip=request.META.get("REMOTE_ADDR"), request_id=current_request_id())
        zone = timezone.override(membership.tenant.zone)  # templates write moments by it
        with tenant_context(membership.tenant, user_id=user.pk), zone:
            return self._respond(request)

    def _for_program(self, request: HttpRequest) -> HttpResponseBase:
        key = find_api_key(request)
        if key is None:
            return self.get_response(request)
        # Counted in Redis, so before the transaction is open: it must not wait for a server that is mute.
        limit = key.tenant.api_requests_per_minute
        wait_s = seconds_to_wait(request, "tenant", key.tenant.pk, limit)
        if wait_s is not None:
            return too_many_requests(wait_s, limit)
        request = cast(TenantRequest, request)
        request.tenant = key.tenant
        request.api_key = key
        # a key may still name a capability that is no more
        request.capabilities = frozenset(each for each in Capability if each in key.capabilities)
        request.actor = Actor.api_key(
            key, ip=request.META.get("REMOTE_ADDR"), request_id=current_request_id()
        )
        with tenant_context(key.tenant):
            return self._respond(request)

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= 500:
            transaction.set_rollback(True)
        return response


def find_membership(user_id: uuid.UUID, slug: str) -> Membership | None:
    """Return the person's membership in an active tenant, or None."""
    with user_context(user_id):
        return (
            Membership.objects.select_related("tenant", "user")
            .filter(user_id=user_id, tenant__slug=slug, tenant__is_active=True)
            .first()
        )


def current_request_id() -> str:
    """Return the id under which the logs know this request."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def end_idle_session(request: HttpRequest) -> None:
    """Sign out who was away for an hour; a page that refreshes itself does not count as being there."""
    if not request.user.is_authenticated:
        return
    now = int(timezone.now().timestamp())
    last_seen = request.session.get("last_seen")
    if last_seen is not None and now - last_seen > IDLE_SECONDS:
        logout(request)
        messages.info(request, "You were signed out after an hour without activity. Sign in to go on.")
    elif last_seen is None or (BACKGROUND_HEADER not in request.headers and now - last_seen >= 60):
        request.session["last_seen"] = now


def _is_verified_staff(user: object) -> bool:
    return isinstance(user, User) and user.is_staff and user.is_verified()  # type: ignore[attr-defined]  # django-otp


def _tenant_slug(request: HttpRequest) -> str | None:
    if not request.path_info.startswith("/t/"):
        return None
    try:
        return resolve(request.path_info).kwargs.get("tenant")
    except Resolver404:
        return None
