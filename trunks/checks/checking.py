"""Readiness checks lent to workers: claimed, kept while they run, and finished, each with a fence.

A claim raises a number in the check's row and lends it until the lease ends. The worker that has it renews
the lease every two seconds; what it stores names the number. When a lease ends, the worker is taken for dead:
the check counts as interrupted, and its calls are ended by whoever finds them (`orphaned_calls`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet

from callsphere.sip.agent import placed
from callsphere.sip.check.plan import CHECK_TIMERS, Plan
from callsphere.sip.digest import Credentials
from callsphere.sip.transport.tls import TlsFailure, TlsTrust
from tenants.clock import database_now
from tenants.context import platform_context
from tenants.keys import reveal_all
from trunks.bindings.late import register_after_check
from trunks.checks.dialog_calls import dialogs_over, watch_dialog
from trunks.checks.numbers import number_dialled, number_shown
from trunks.engines import address_policy
from trunks.enums import CheckState, CredentialDirection, PlacedCallState
from trunks.models import DigestCredential, Gateway, PlacedCall, ReadinessCheck, Registration
from trunks.number_format import NumberError
from trunks.session_timers.policy import timers_of
from trunks.tls_profiles import choice_of, profiles_of, trust_of

LEASE_S = 6.0
RENEW_S = 2.0
"""A worker that is dead is noticed within the lease, so that a call it placed ends within ten seconds."""
INTERRUPTED = "The check was interrupted on our side. Its calls are hung up. Start it again."
_NO_GATEWAY = "The trunk has no enabled gateway any more."
_ENTER_AGAIN = "Replace them on their page."
_UNUSABLE_PASSWORD = "The stored password cannot be used. Enter it again in the trunk's credentials."


class LeaseLost(Exception):
    """The check belongs to somebody else by now, or is gone: nothing may be done in its name any more."""


@dataclass(frozen=True, slots=True)
class Run:
    """One gateway of a check. The plan holds the password in clear, for the carrier alone."""

    gateway_id: uuid.UUID
    uri: str
    plan: Plan = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckClaim:
    """A check lent to this worker. Without runs it cannot be done, because of `problem`."""

    check_id: uuid.UUID
    number: int
    runs: tuple[Run, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check has found so far, as it is stored (see ReadinessCheck)."""

    steps: Sequence[Mapping[str, Any]]
    runs: Sequence[Mapping[str, Any]]
    trace: Sequence[Mapping[str, Any]] = ()
    verdict: str = ""
    cause: str = ""
    target: str = ""


def claim_checks(now: datetime, limit: int) -> list[CheckClaim]:
    """Lend up to `limit` queued checks, the oldest first, with all that is needed to talk."""
    with platform_context("claim readiness checks"):
        rows = list(
            ReadinessCheck.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("trunk__session_timer_policy")
            .filter(state=CheckState.QUEUED, trunk__tenant__is_active=True)
            .order_by("created_at")[:limit]
        )
        if not rows:
            return []
        ReadinessCheck.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=CheckState.RUNNING,
            claim=F("claim") + 1,
            started_at=now,
            lease_until=now + timedelta(seconds=LEASE_S),
        )
        return [_claim(row) for row in rows]


def _claim(row: ReadinessCheck) -> CheckClaim:
    gateways = Gateway.objects.filter(trunk=row.trunk)
    chosen = list(gateways.filter(pk=row.gateway_id) if row.gateway_id else gateways.filter(is_enabled=True))
    number = row.claim + 1
    if not chosen:
        return CheckClaim(row.pk, number, (), _NO_GATEWAY)
    account = account_of(row)
    if any(account.is_unreadable_at(gateway.host) for gateway in chosen):
        return CheckClaim(row.pk, number, (), _UNUSABLE_PASSWORD)
    profiles = profiles_of(choice_of(gateway) for gateway in chosen)
    operators = trust_of(None)
    try:
        trusts = {
            gateway.pk: trust_of(profile) if (profile := profiles.get(choice_of(gateway))) else operators
            for gateway in chosen
        }
        runs = [
            Run(gateway.pk, gateway.uri, _plan(row, gateway, account, trusts[gateway.pk], operators))
            for gateway in chosen
        ]
    except TlsFailure as failure:
        return CheckClaim(row.pk, number, (), f"{failure.detail} {_ENTER_AGAIN}")
    except NumberError as error:  # the trunk's rule was changed since the check was asked for
        return CheckClaim(row.pk, number, (), str(error))
    return CheckClaim(row.pk, number, tuple(runs))


def _plan(
    row: ReadinessCheck, gateway: Gateway, account: Account, trust: TlsTrust, operators: TlsTrust
) -> Plan:
    return Plan(
        uri=gateway.uri,
        credentials=account.credentials_at(gateway.host),
        username=account.username,
        register=row.register,
        call=number_dialled(row.call, row.trunk) or None,
        caller=number_shown(row.caller, row.trunk) or None,
        asserts_caller=row.trunk.sends_asserted_identity,
        timers=timers_of(row.trunk.session_timer_policy) or CHECK_TIMERS,
        policy=address_policy(),
        nameservers=settings.SIP_NAMESERVERS or None,
        trust=trust,
        proxy_trust=operators,
        advertised_host=settings.SIP_ADVERTISED_HOST or None,
        outbound_proxy=settings.SIP_OUTBOUND_PROXY,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """As whom a trunk registers and calls, and what answers challenges: each password at its hosts alone."""

    username: str | None
    stored: tuple[DigestCredential, ...] = field(repr=False)
    passwords: Mapping[uuid.UUID, str] = field(repr=False)

    def credentials_at(self, host: str) -> Credentials | None:
        """What may be sent to a host, None when nothing may."""
        for each in self.stored:
            password = self.passwords.get(each.pk)
            if password is not None and host in each.bound_hosts:
                user = self.username or each.username
                return Credentials(user, password, each.username, each.realm or None)
        return None

    def is_unreadable_at(self, host: str) -> bool:
        """Whether there is a password for a host, and no key that opens it."""
        meant = [each for each in self.stored if host in each.bound_hosts]
        return bool(meant) and not any(each.pk in self.passwords for each in meant)


def account_of(check: ReadinessCheck) -> Account:
    """Return who a check is at the carrier: as the registration says, else the credential entered first."""
    registration = Registration.objects.filter(trunk=check.trunk_id).first()
    own = list(
        DigestCredential.objects.filter(
            trunk=check.trunk_id, direction=CredentialDirection.OUTBOUND
        ).order_by("secret_set_at", "created_at")
    )
    if registration is not None and registration.credential_id:
        own.sort(key=lambda each: each.pk != registration.credential_id)
    usable = tuple(each for each in own if each.secret)
    names = [registration.username] if registration is not None else [each.username for each in own]
    return Account(next(iter(names), None), usable, reveal_all(usable, "secret"))


def renew(claims: Mapping[uuid.UUID, int], now: datetime) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Renew the leases of running checks; return which were lost, and which somebody wants stopped."""
    with platform_context("renew leases of checks"):
        held = Q(pk=None)
        for check_id, number in claims.items():
            held |= Q(pk=check_id, claim=number)
        mine = ReadinessCheck.objects.filter(held, state=CheckState.RUNNING)
        mine.update(lease_until=now + timedelta(seconds=LEASE_S))
        found = dict(mine.values_list("pk", "cancel_requested"))
    return set(claims) - set(found), {pk for pk, stop in found.items() if stop}


def store_progress(check_id: uuid.UUID, number: int, findings: Findings) -> None:
    """Store the steps that are finished. Nothing happens when the lease is lost."""
    with platform_context("store steps of a check"):
        _held(check_id, number).update(steps=list(findings.steps), runs=list(findings.runs))


def store_call(check_id: uuid.UUID, number: int, call: placed.PlacedCall) -> None:
    """Store how far a call has come. Raises LeaseLost: then it must not be placed."""
    with platform_context("store a call of a check"):
        check = _held(check_id, number).select_for_update(no_key=True).only("tenant_id", "trunk_id").first()
        if check is None:
            raise LeaseLost
        own = PlacedCall.objects.filter(readiness_check=check, call_id=call.call_id)
        values = _values(call)
        if not own.update(**values):
            PlacedCall.objects.create(
                tenant_id=check.tenant_id, readiness_check=check, call_id=call.call_id, **values
            )
        if call.state == "answered":
            watch_dialog(check, call.call_id, database_now())
        elif call.state == "ended":
            dialogs_over(check.tenant_id, [call.call_id], database_now())


def _values(call: placed.PlacedCall) -> dict[str, Any]:
    copied = ("request_uri", "via", "local", "remote", "contact", "cseq", "remote_target")
    values = {name: getattr(call, name) for name in copied}
    target = call.target
    return {
        **values,
        "state": PlacedCallState(call.state),
        "record_route": list(call.record_route),
        "address": target.address,
        "port": target.port,
        "transport": target.transport,
        "server_name": target.server_name,
    }


def finish(
    check_id: uuid.UUID, number: int, state: CheckState, findings: Findings, problem: str = ""
) -> bool:
    """Store the end of a check; whether the lease still held.

    Its calls are hung up, but for those that were answered and whose BYE the carrier did not take: they are
    left to `orphaned_calls`.
    """
    now = database_now()
    with platform_context("finish a check"):
        row = _held(check_id, number).select_for_update(no_key=True).first()
        if row is None:
            return False
        row.state, row.problem, row.finished_at, row.lease_until = state, problem, now, None
        row.steps, row.runs, row.trace = list(findings.steps), list(findings.runs), list(findings.trace)
        row.verdict, row.cause, row.target = findings.verdict, findings.cause, findings.target
        row.duration_ms = _milliseconds(row, now)
        row.save()
        over = row.placed_calls.exclude(state=PlacedCallState.ANSWERED)
        over.update(state=PlacedCallState.ENDED)
        dialogs_over(row.tenant_id, over.values_list("call_id", flat=True), now)
        if row.register:
            register_after_check([row.trunk_id], now)
    return True


def end_interrupted(now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Mark the checks whose worker no longer renews its lease; return them."""
    with platform_context("find interrupted checks"):
        rows = list(
            ReadinessCheck.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(state=CheckState.RUNNING, lease_until__lt=now)
            .defer("steps", "trace", "runs")[:limit]
        )
        for row in rows:
            row.state, row.problem, row.finished_at = CheckState.FAILED, INTERRUPTED, now
            row.claim, row.lease_until, row.duration_ms = row.claim + 1, None, _milliseconds(row, now)
            row.save(update_fields=["state", "problem", "finished_at", "claim", "lease_until", "duration_ms"])
        register_after_check([row.trunk_id for row in rows if row.register], now)
    return [row.pk for row in rows]


def _held(check_id: uuid.UUID, number: int) -> QuerySet[ReadinessCheck]:
    return ReadinessCheck.objects.filter(pk=check_id, claim=number, state=CheckState.RUNNING)


def _milliseconds(row: ReadinessCheck, now: datetime) -> int:
    return 0 if row.started_at is None else max(0, round((now - row.started_at).total_seconds() * 1000))


def worst(results: Iterable[str]) -> str:
    """Return the worst verdict of several; "" for none."""
    found = set(results)
    return next((each for each in ("fail", "warn", "pass") if each in found), "")
