"""A trunk with all that belongs to it, made at once or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from tenants.audit import Actor
from tenants.models import Tenant
from trunks.models import Trunk
from trunks.services.credentials import add_credential
from trunks.services.gateways import add_gateway
from trunks.services.networks import add_allowed_network
from trunks.services.policies import update_health_policy
from trunks.services.trunks import create_trunk

Parts = Iterable[Mapping[str, Any]]


def provision_trunk(
    *,
    tenant: Tenant,
    actor: Actor,
    gateways: Parts = (),
    allowed_networks: Parts = (),
    credentials: Parts = (),
    health_policy: Mapping[str, Any] | None = None,
    **fields: Any,
) -> tuple[Trunk, list[str]]:
    """Make a trunk of `fields` with its parts; return it with the warnings about its networks.

    Each part is what the service that adds it takes. Raises ValidationError for all parts together, with
    fields such as `gateways[1].uri`, and LimitReached.
    """
    errors: dict[str, list[ValidationError]] = {}
    warnings: list[str] = []
    with transaction.atomic():
        trunk = create_trunk(tenant=tenant, actor=actor, **fields)
        for path, part, add in [
            *_numbered("gateways", gateways, add_gateway),
            *_numbered("allowed_networks", allowed_networks, add_allowed_network),
            *_numbered("credentials", credentials, add_credential),
        ]:
            try:
                added = add(tenant=tenant, actor=actor, trunk=trunk, **part)
            except ValidationError as error:
                for field, found in error.error_dict.items():
                    errors.setdefault(f"{path}.{field}", []).extend(found)
            else:
                warnings += added[1] if isinstance(added, tuple) else []
        if health_policy:
            update_health_policy(
                tenant=tenant,
                actor=actor,
                policy=trunk.health_policy,
                expected_version=None,
                **health_policy,
            )
        if errors:
            raise ValidationError(errors)
    return trunk, warnings


def _numbered(
    name: str, parts: Parts, add: Callable[..., Any]
) -> Iterator[tuple[str, Mapping[str, Any], Callable[..., Any]]]:
    for index, part in enumerate(parts):
        yield f"{name}[{index}]", part, add
