"""A trunk with all that belongs to it, made at once or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction

from tenants.audit import Actor
from tenants.models import Tenant
from tenants.services.editing import FieldErrors
from trunks.access.services.credentials import add_credential
from trunks.access.services.networks import add_allowed_network
from trunks.gateways.services import add_gateway
from trunks.health.services.policies import update_health_policy
from trunks.models import Trunk
from trunks.registrations.services import add_registration
from trunks.session_timers.services import update_session_timer_policy
from trunks.trunks.services import create_trunk

Parts = Iterable[Mapping[str, Any]]


def provision_trunk(
    *,
    tenant: Tenant,
    actor: Actor,
    gateways: Parts = (),
    allowed_networks: Parts = (),
    credentials: Parts = (),
    registration: Mapping[str, Any] | None = None,
    health_policy: Mapping[str, Any] | None = None,
    session_timer_policy: Mapping[str, Any] | None = None,
    **fields: Any,
) -> tuple[Trunk, list[str]]:
    """Make a trunk of `fields` with its parts; return it with the warnings about its networks.

    Each part is what the service that adds it takes. Raises ValidationError for the trunk and all parts
    together, with fields such as `gateways[1].uri`, and LimitReached.
    """
    wrong = FieldErrors()
    warnings: list[str] = []
    with transaction.atomic():
        with wrong.gathered():
            trunk = create_trunk(tenant=tenant, actor=actor, **fields)
        if wrong.by_field:
            # The parts are tried on a stand-in, which is given up with them: all errors in one answer.
            trunk = create_trunk(tenant=tenant, actor=actor, name=str(uuid.uuid4()))
        for path, part, add in [
            *_numbered("gateways", gateways, add_gateway),
            *_numbered("allowed_networks", allowed_networks, add_allowed_network),
            *_numbered("credentials", credentials, add_credential),
        ]:
            with wrong.gathered(f"{path}."):
                added = add(tenant=tenant, actor=actor, trunk=trunk, **part)
                warnings += added[1] if isinstance(added, tuple) else []
        if registration:
            with wrong.gathered("registration."):
                add_registration(tenant=tenant, actor=actor, trunk=trunk, **registration)
        if health_policy:
            with wrong.gathered("health_policy."):
                update_health_policy(
                    tenant=tenant,
                    actor=actor,
                    policy=trunk.health_policy,
                    expected_version=None,
                    **health_policy,
                )
        if session_timer_policy:
            with wrong.gathered("session_timer_policy."):
                update_session_timer_policy(
                    tenant=tenant,
                    actor=actor,
                    policy=trunk.session_timer_policy,
                    expected_version=None,
                    **session_timer_policy,
                )
        wrong.raise_any()
    return trunk, warnings


def _numbered(
    name: str, parts: Parts, add: Callable[..., Any]
) -> Iterator[tuple[str, Mapping[str, Any], Callable[..., Any]]]:
    for index, part in enumerate(parts):
        yield f"{name}[{index}]", part, add
