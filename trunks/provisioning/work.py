"""A claimed trunk with what it takes to work on it, outside any transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.trunk_state import Owner, read_elastic_state, read_trunk_state
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.enums import ProvisionKind
from trunks.models import ProviderAccount, TrunkProvision
from trunks.numbers.accounts import Clock
from trunks.numbers.jobs import LEASE, Overtaken, store
from trunks.provisioning.differences import State
from trunks.provisioning.wanted import Wanted, read_wanted

RECONCILER = Actor.system("reconciler")


class PlanChanged(Exception):
    """What was to be applied is not what there is to do any more."""

    code = "plan_changed"

    def __init__(self) -> None:
        super().__init__("Something changed since the plan was made. Look at the new plan, and apply that.")


class PlanBlocked(Exception):
    """The trunk has something that Twilio does not take at all."""

    code = "plan_blocked"


@dataclass(slots=True)
class Work:
    """A claimed row with what it takes to work on it. `passwords` are hashes of those that were put there."""

    row: TrunkProvision
    tenant: Tenant
    account: TwilioAccount
    clock: Clock
    passwords: dict[str, str]

    @property
    def owner(self) -> Owner:
        """What at Twilio is this trunk's."""
        return Owner(self.row.name, frozenset(self.row.sids.values()))

    def note_write(self) -> None:
        """Say that something is about to be made, whose answer may get lost. Raises Overtaken."""
        self._go_on(unsure_at=self.clock())

    def note_removal(self) -> None:
        """Say that something is about to be taken away. Raises Overtaken."""
        self._go_on()

    def _go_on(self, **values: Any) -> None:
        until = self.clock() + LEASE
        with tenant_context(self.tenant):
            store(self.row, due_at=until, **values)
            held = self.row.account.held_until
            if ProviderAccount.objects.filter(pk=self.row.account_id, held_until=held).update(
                held_until=until
            ):
                self.row.account.held_until = until

    def look(self, wanted: Wanted) -> State:
        """Read what Twilio has of the trunk. Raises TwilioError."""
        if self.row.kind == ProvisionKind.ELASTIC:
            return read_elastic_state(self.account, self.owner, domain_name=wanted.domain_name)
        return read_trunk_state(self.account, self.owner, domain_name=wanted.domain_name)

    def wanted(self) -> Wanted:
        """Work out what Twilio should have. Raises Overtaken when the trunk went meanwhile."""
        with tenant_context(self.tenant):
            return read_wanted(self.locked())

    def locked(self) -> TrunkProvision:
        """Return the row as stored, which edits of the trunk wait for. Raises Overtaken."""
        mine = TrunkProvision.objects.select_for_update().filter(pk=self.row.pk, claim=self.row.claim)
        row = mine.filter(due_at__isnull=False).first()
        if row is None:
            raise Overtaken
        return row
