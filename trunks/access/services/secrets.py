"""Which hosts a stored password may be sent to: those that the trunk led to when it was entered.

A hostile host could otherwise ask for it. The database holds the same rule (migration 0004): no gateway
stands beside an outbound password that was not entered for its host. Call all of this with the trunk locked.
"""

from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import field_error, save_edit
from trunks.enums import ClearedBecause, CredentialDirection
from trunks.models import DigestCredential, Gateway, Registration, Trunk


def hosts_of(trunk: Trunk) -> list[str]:
    """Return the hosts of a trunk's gateways, the switched-off ones too, and of its registrar, each once."""
    mine = {"tenant": trunk.tenant_id, "trunk": trunk}
    gateways = Gateway.objects.filter(**mine).values_list("host", flat=True)
    return sorted({*gateways, *Registration.objects.filter(**mine).values_list("host", flat=True)})


def outbound_passwords(trunk: Trunk) -> list[DigestCredential]:
    """Return the credentials whose stored password the trunk would send, locked."""
    rows = DigestCredential.objects.select_for_update(no_key=True).filter(
        tenant=trunk.tenant_id,
        trunk=trunk,
        direction=CredentialDirection.OUTBOUND,
        secret__isnull=False,
    )
    return list(rows.order_by("pk"))


def clear_passwords(
    lost: list[DigestCredential],
    because: ClearedBecause,
    *,
    tenant: Tenant,
    actor: Actor,
    confirmed: bool,
) -> list[str]:
    """Forget these passwords; return a sentence for the person, or none where there are none.

    Raises ValidationError on `clear_secrets` unless somebody has confirmed that.
    """
    if not lost:
        return []
    names = ", ".join(f"“{each.username}”" for each in lost)
    which, was, it = ("password", "was", "it") if len(lost) == 1 else ("passwords", "were", "them")
    if not confirmed:
        raise field_error(
            "clear_secrets",
            f"Passwords are kept only for the addresses they were entered for: this clears the {which} of"
            f" {names}. Confirm that, and enter {it} again afterwards.",
            "confirm_clear_secrets",
        )
    for row in lost:
        before = snapshot(row, ("secret", "cleared_because"))
        clear(row, because)
        save_edit(row, before, tenant=tenant, actor=actor, verb="credential.secret_cleared")
    return [f"The {which} of {names} {was} cleared, because {because.label}. Enter {it} again."]


def clear(row: DigestCredential, because: ClearedBecause) -> None:
    """Forget one password, and remember why."""
    row.secret = row.secret_set_at = None
    row.bound_hosts = []
    row.cleared_because = because
