"""Stores what was seen at Twilio, compared with the trunk as it is now, and what follows of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Any

from callsphere.providers.twilio.trunk_state import ElasticState
from tenants.audit import record_event
from tenants.context import tenant_context
from trunks.enums import ProvisionState, ProvisionTask
from trunks.models import TrunkProvision
from trunks.models.numbers import LONGEST_ERROR
from trunks.numbers.jobs import store
from trunks.provider_drift import drift_found, drift_over
from trunks.provisioning.differences import Choice, Difference, State, compare, fingerprint_of
from trunks.provisioning.wanted import Wanted, read_wanted
from trunks.provisioning.wording import shown
from trunks.provisioning.work import RECONCILER, Work

EVERY = timedelta(hours=1)
SPREAD = 0.2
"""The next look comes this part of an hour earlier at most: trunks set up together spread over the hour."""
_random = SystemRandom()


def settle(
    work: Work,
    seen: State,
    *,
    applied: Wanted | None = None,
    is_undone: bool = False,
    failure: Exception | None = None,
) -> None:
    """Store a plan, and when to look next. Edits of the trunk wait, so that none is missed.

    `applied` is what was put as a whole. `failure` is why what was asked for was not done. Raises Overtaken.
    """
    with tenant_context(work.tenant):
        before = work.locked()
        wanted = read_wanted(before)
        found = compare(wanted, seen, work.passwords)
        is_set_up = (before.is_set_up or applied is not None) and not is_undone
        values = {
            **_observed(work, seen, wanted, found),
            **_error(before, failure, found),
            "is_set_up": is_set_up,
            "put_fingerprint": _put_fingerprint(before, applied, wanted, found, is_set_up),
        }
        is_error = failure is not None or is_undone or (before.task == ProvisionTask.LOOK and values["error"])
        values["state"] = _state(found, wanted, values, is_error=bool(is_error))
        if applied is not None or (before.task == ProvisionTask.APPLY and failure is None):
            values["applied_at"] = values["observed_at"]
        is_edit_alone = before.plan == [] or (
            applied is not None and not compare(applied, seen, work.passwords)
        )
        values |= _what_next(before, values, wanted, work.clock(), is_edit_alone=is_edit_alone)
        store(work.row, **values)
        _tell(work, before, found)
        _follow_drift(work, before, found)


def put_passwords(wanted: Wanted, found: list[Difference], choice: Choice) -> dict[str, str]:
    """Return hashes of the passwords that were put there with what was chosen of the differences."""
    chosen = [each for each in found if choice.covers(each)]
    names = {each.name for each in chosen if each.part == "credential"}
    if any(each.key == "credential_list" for each in chosen):
        names |= set(wanted.password_hashes)
    return {name: each for name, each in wanted.password_hashes.items() if name in names}


def _observed(work: Work, seen: State, wanted: Wanted, found: list[Difference]) -> dict[str, Any]:
    there = seen.access.usernames
    return {
        "plan": [each.as_json for each in found],
        "plan_fingerprint": fingerprint_of(found),
        "notes": [each.as_json for each in wanted.notes],
        "sids": _sids(seen),
        "put_passwords": {name: each for name, each in work.passwords.items() if name in there},
        "observed_at": work.clock(),
        "begun_fingerprint": "",
        "unsure_at": None,
        "chosen_keys": [],
        "attempts": 0,
        "is_awaited": False,
    }


def _sids(seen: State) -> dict[str, str]:
    parts: dict[str, Any] = {"ip_list": seen.access.ip_list, "credential_list": seen.access.credential_list}
    if isinstance(seen, ElasticState):
        parts["trunk"] = seen.trunk
    else:
        parts |= {"domain": seen.domain, "byoc_trunk": seen.byoc_trunk, "policy": seen.policy}
    return {part: each.sid for part, each in parts.items() if each is not None}


def _error(before: TrunkProvision, failure: Exception | None, found: list[Difference]) -> dict[str, str]:
    """What failed is told until somebody does something about it, or it has become true all the same."""
    if failure is not None:
        code = getattr(failure, "code", "")
        return {"error": str(failure)[:LONGEST_ERROR], "error_code": code}
    keeps = before.task == ProvisionTask.UNDO or (before.state == ProvisionState.FAILED and found)
    return (
        {"error": before.error, "error_code": before.error_code} if keeps else {"error": "", "error_code": ""}
    )


def _put_fingerprint(
    before: TrunkProvision, applied: Wanted | None, wanted: Wanted, found: list[Difference], is_set_up: bool
) -> str:
    if not is_set_up:
        return ""
    if not found:
        return wanted.fingerprint
    return applied.fingerprint if applied else before.put_fingerprint


def _state(
    found: list[Difference], wanted: Wanted, values: dict[str, Any], *, is_error: bool
) -> ProvisionState:
    if is_error:
        return ProvisionState.FAILED
    if not found and values["is_set_up"]:
        return ProvisionState.IN_SYNC
    if values["is_set_up"] and wanted.fingerprint == values["put_fingerprint"]:
        return ProvisionState.DRIFTED
    return ProvisionState.PLANNED


def _what_next(
    before: TrunkProvision, values: dict[str, Any], wanted: Wanted, now: datetime, *, is_edit_alone: bool
) -> dict[str, Any]:
    """Look again within the hour. An edit is applied at once, if that is wanted and nothing else differed."""
    applies = (
        before.auto_apply
        and values["state"] == ProvisionState.PLANNED
        and values["is_set_up"]
        and is_edit_alone
        and not any(each.is_blocking for each in wanted.notes)
    )
    if applies:
        return {
            "task": ProvisionTask.APPLY,
            "state": ProvisionState.APPLYING,
            "due_at": now,
            "requested_at": now,
            "is_awaited": True,
        }
    wait = EVERY * (1 - SPREAD * _random.random())
    return {"task": ProvisionTask.LOOK, "due_at": now + wait if values["is_set_up"] else None}


def _follow_drift(work: Work, before: TrunkProvision, found: list[Difference]) -> None:
    """An incident lasts while the trunk differs there; what failed leaves it as it is."""
    where: dict[str, Any] = {"tenant_id": before.tenant_id, "trunk_id": before.pk, "now": work.clock()}
    if work.row.state == ProvisionState.DRIFTED and before.trunk is not None:
        drift_found(**where, name=before.trunk.name, parts=[shown(each).title for each in found])
    elif not found:
        drift_over(**where, note="It is again as it should be.")
    elif work.row.state == ProvisionState.PLANNED:
        drift_over(**where, note="The trunk was edited here: the plan to be looked at has what differs.")


def _tell(work: Work, before: TrunkProvision, found: list[Difference]) -> None:
    row = work.row
    verbs = []
    if row.state == ProvisionState.FAILED and before.state != ProvisionState.FAILED:
        verbs.append("provision.undone" if before.task == ProvisionTask.UNDO else "provision.failed")
    elif before.task == ProvisionTask.APPLY:
        verbs.append("provision.applied")
    elif row.state == ProvisionState.DRIFTED and before.state != ProvisionState.DRIFTED:
        verbs.append("provision.drifted")
    if row.state == ProvisionState.APPLYING:
        verbs.append("provision.apply_requested")
    for verb in verbs:
        told = found if verb in ("provision.drifted", "provision.apply_requested") else []
        changes = {each.key: [each.theirs, each.ours] for each in told}
        record_event(
            tenant=work.tenant, actor=RECONCILER, verb=verb, obj=row, changes=changes, reason=row.error
        )
