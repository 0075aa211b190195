"""Affiliates' keys in the API: `Authorization: Bearer cs_aff_…`."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from billing.affiliates.models import AffiliateKey
from tenants.authentication import bearer_token, note_use
from tenants.context import platform_context
from tenants.models import User
from tenants.tokens import AFFILIATE_KEY_FORMAT, API_KEY_FORMAT, hash_token

_WHERE = "Affiliates make theirs (cs_aff_…) under Your account, Affiliate."


def find_affiliate_key(request: HttpRequest) -> AffiliateKey | None:
    """Return the key that the request carries, when it may be used now, and record its use.

    Call it outside any context.
    """
    token = bearer_token(request)
    form = AFFILIATE_KEY_FORMAT.fullmatch(token)
    if form is None:
        return None
    with platform_context("find an affiliate's key"):
        holders = AffiliateKey.objects.filter(affiliate__is_active=True, affiliate__user__is_active=True)
        key = holders.select_related("affiliate__user").filter(public_id=form[1]).first()
        if key is None or not compare_digest(bytes(key.secret_hash), hash_token(token)) or not key.is_usable:
            return None
        note_use(key)
    return key


class AffiliateKeyAuthentication(BaseAuthentication):
    """Takes over what the view found; says 401 for a key that does not hold, or is no affiliate's."""

    def authenticate(self, request: Request) -> tuple[User, AffiliateKey] | None:
        key: AffiliateKey | None = getattr(request._request, "affiliate_key", None)
        if key is not None:
            return key.affiliate.user, key
        token = bearer_token(request._request)
        if API_KEY_FORMAT.fullmatch(token):
            raise AuthenticationFailed(
                f"This is an organisation's key. Here an affiliate's own key is wanted. {_WHERE}",
                code="invalid_api_key",
            )
        if token:
            raise AuthenticationFailed(
                f"This affiliate key is unknown, expired or revoked, or switched off. {_WHERE}",
                code="invalid_api_key",
            )
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="callsphere"'


class AffiliateKeyScheme(OpenApiAuthenticationExtension):
    """Describes the key in the OpenAPI document."""

    target_class = AffiliateKeyAuthentication
    name = "affiliateKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "cs_aff_…",
            "description": "A key of an affiliate's, made on the page Affiliate of one's account.",
        }
