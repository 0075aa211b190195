"""API keys: `Authorization: Bearer cs_live_…`."""

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.context import tenant_context
from tenants.enums import RouteKind
from tenants.models import ApiKey, ProgramKey, Tenant, TenantRoute
from tenants.tokens import AFFILIATE_KEY_FORMAT, API_KEY_FORMAT, hash_token

_USE_RECORDED_EVERY = timedelta(minutes=1)


class Program:
    """Who a request with an API key comes from, for DRF's `request.user`."""

    is_authenticated = True
    is_active = True

    def __init__(self, key: ApiKey) -> None:
        self.pk = key.pk
        self.key = key


def find_api_key(request: HttpRequest) -> ApiKey | None:
    """Return the key that the request carries, when it may be used from there now, and record its use.

    Call it outside any context.
    """
    token = bearer_token(request)
    if not API_KEY_FORMAT.fullmatch(token):
        return None
    digest = hash_token(token)
    route = TenantRoute.objects.filter(hash=digest, kind=RouteKind.API_KEY).first()
    if route is None:
        return None
    with tenant_context(Tenant(pk=route.tenant_id)):
        key = (
            ApiKey.objects.select_related("tenant").filter(secret_hash=digest, tenant__is_active=True).first()
        )
        if key is None or not key.is_usable or not _allowed_from(key, request.META.get("REMOTE_ADDR", "")):
            return None
        note_use(key)
    return key


def bearer_token(request: HttpRequest) -> str:
    """Return what the request says who it is with, or nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def note_use(key: ProgramKey) -> None:
    """Record that the key was used, at most once a minute.

    Do it in a transaction of its own: in the request's, requests with one key would wait for each other.
    """
    now = timezone.now()
    recently = now - _USE_RECORDED_EVERY
    if key.last_used_at is None or key.last_used_at < recently:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=recently)
        type(key)._default_manager.filter(stale, pk=key.pk).update(last_used_at=now)


class ApiKeyAuthentication(BaseAuthentication):
    """Takes over what the middleware found; says 401 for a key that does not hold."""

    def authenticate(self, request: Request) -> tuple[Program, ApiKey] | None:
        key = getattr(request._request, "api_key", None)
        if key is not None:
            return Program(key), key
        token = bearer_token(request._request)
        if AFFILIATE_KEY_FORMAT.fullmatch(token):
            raise AuthenticationFailed(
                "This is an affiliate's key, which reads /api/v1/affiliate/ and what is below it."
                " Here an organisation's API key is wanted: cs_live_…",
                code="invalid_api_key",
            )
        if token:
            raise AuthenticationFailed(
                "This API key is unknown, expired, revoked, or not allowed from this address.",
                code="invalid_api_key",
            )
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="callsphere"'


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Describes the key in the OpenAPI document."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "cs_live_…",
            "description": "An API key, made on the page API keys.",
        }


def _allowed_from(key: ApiKey, address: str) -> bool:
    if not key.allowed_networks:
        return True
    try:
        return any(ip_address(address) in ip_network(network) for network in key.allowed_networks)
    except ValueError:
        return False
