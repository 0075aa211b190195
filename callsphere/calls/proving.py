"""The auth tokens that prove what the provider sends, read once by each process and kept while they hold.

Opening one takes four queries, and calls come in bursts. Whoever uses a remembered token asks the database,
with what is read of the call anyway, whether the account's row still has it: a closed account and a changed
token are noticed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from callsphere.lib.bounded_cache import BoundedCache
from tenants.context import tenant_context
from tenants.keys import reveal
from tenants.models import Tenant
from trunks.models import ProviderAccount
from trunks.numbers.accounts import find_tenant_of_account

_ROOM = 5_000
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Prover:
    """An account's token, open and as its row has it. Neither is ever shown."""

    account_sid: str
    tenant: Tenant
    token: str = field(repr=False)
    sealed: str = field(repr=False)


_provers: BoundedCache[str, Prover] = BoundedCache(_ROOM)


def remembered_prover(account_sid: str) -> Prover | None:
    """Return what was read before, if anything was."""
    return _provers.get(account_sid)


def read_prover(account_sid: str) -> Prover | None:
    """Read an account's token; None for one that is nobody's, or closed. Call it outside any context."""
    tenant = find_tenant_of_account(account_sid)
    if tenant is None:
        return None
    with tenant_context(tenant):
        account = ProviderAccount.objects.filter(sid=account_sid).first()
        if account is None:
            return None
        sealed = ProviderAccount._meta.get_field("auth_token").get_prep_value(account.auth_token)
        prover = Prover(account_sid, tenant, reveal(account, "auth_token"), sealed)
    with _lock:
        _provers.put(account_sid, prover)
    return prover
