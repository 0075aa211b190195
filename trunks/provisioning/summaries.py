"""What pages show of a trunk at Twilio: its state in words, and its plan ready to print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trunks.enums import AccountStatus, ProvisionState, ProvisionTask
from trunks.models import TrunkProvision
from trunks.provisioning.queries import differences_of
from trunks.provisioning.wording import ShownDifference

_CODE = re.compile(r"\((Twilio error \d+)\)")
_PLACES = {
    "domain": "SIP domain",
    "policy": "Connection policy",
    "ip_list": "IP access control list",
    "credential_list": "Credential list",
    "byoc_trunk": "BYOC trunk",
    "trunk": "Elastic SIP trunk",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A state in words: how it looks (`callsphere.web.formats.STATES`), a label, what goes on after it."""

    looks: str
    label: str
    detail: str = ""

    @property
    def text(self) -> str:
        """One line of plain text."""
        return f"{self.label} · {self.detail}" if self.detail else self.label


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A line of the plan. `place` is where at Twilio it is, "" where the title says so."""

    difference: ShownDifference
    place: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs, ready to print. `blocking` says what keeps it from being applied."""

    rows: Sequence[PlanRow]
    blocking: Sequence[str]
    remarks: Sequence[str]

    @property
    def renames(self) -> bool:
        """Whether the domain has another name at Twilio so far, or is not there."""
        names = {"domain", "domain/domain_name", "trunk", "trunk/domain_name"}
        return any(row.difference.key in names for row in self.rows)

    @property
    def takeable(self) -> list[str]:
        """The keys of what can be taken over."""
        return [row.difference.key for row in self.rows if row.difference.can_take]


def is_busy(row: TrunkProvision) -> bool:
    """Whether a worker does something about it that ends within seconds, most of the time."""
    if row.task != ProvisionTask.LOOK:
        return True
    return row.due_at is not None and (row.is_awaited or row.state == ProvisionState.NEW)


def is_held_up(row: TrunkProvision) -> bool:
    """Whether what is to be done has to wait until the account is no longer suspended."""
    return row.account.wanted == AccountStatus.SUSPENDED and is_busy(row)


def plan_of(row: TrunkProvision) -> Plan:
    """Return the plan in words."""
    rows = [PlanRow(each, _place_of(each)) for each in differences_of(row)]
    return Plan(
        rows,
        [str(each["text"]) for each in row.notes if each["is_blocking"]],
        [str(each["text"]) for each in row.notes if not each["is_blocking"]],
    )


def told_of(row: TrunkProvision) -> Told:
    """Say how a trunk stands at Twilio."""
    if is_held_up(row):
        return Told("paused", "Waits for your account", "it is suspended at Twilio until you have paid")
    if row.task == ProvisionTask.UNDO:
        return Told("pending", "Being undone", "what was made so far is taken away")
    match ProvisionState(row.state):
        case ProvisionState.NEW:
            return _told_new(row)
        case ProvisionState.PLANNED:
            return _told_plan(row)
        case ProvisionState.APPLYING:
            return Told("pending", "Being applied", "this takes seconds")
        case ProvisionState.IN_SYNC:
            return Told("up", "In sync", "Twilio has what is wanted")
        case ProvisionState.DRIFTED:
            return Told("impaired", "Changed at Twilio", count_words(len(row.plan)))
        case ProvisionState.FAILED:
            return Told("fail", "Failed", "nothing is left at Twilio" if not row.is_set_up else "")
        case ProvisionState.REMOVING:
            return Told("pending", "Being removed")


def twilio_code(row: TrunkProvision) -> str:
    """Return "Twilio error 20003" where the error says so, for whoever asks Twilio's support; else ""."""
    found = _CODE.search(row.error)
    return found[1] if found else ""


def count_words(count: int) -> str:
    """Return "1 difference", "2 differences"."""
    return "1 difference" if count == 1 else f"{count} differences"


def _told_new(row: TrunkProvision) -> Told:
    if row.account.wanted == AccountStatus.CLOSED or row.due_at is None:
        return Told("paused", "Not at Twilio any more", "the account there was closed")
    if row.account.status != AccountStatus.ACTIVE:
        return Told("pending", "Your account at Twilio is being set up", "the plan comes after that")
    return Told("pending", "Being compared with Twilio", "this takes seconds")


def _told_plan(row: TrunkProvision) -> Told:
    if not row.is_set_up:
        return Told("pending", "Plan to be looked at", "nothing is at Twilio yet")
    return Told("pending", "Waits to be applied", count_words(len(row.plan)))


def _place_of(difference: ShownDifference) -> str:
    """Return the thing at Twilio that holds it; of a difference about that thing itself the title tells."""
    start, separator, _rest = difference.key.partition("/")
    place = _PLACES.get(start, "")
    return place if separator and not difference.title.startswith(place) else ""
