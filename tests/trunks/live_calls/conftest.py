"""Calls of Alice's trunk at a provider."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callsphere.alerts.models import Incident
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.live_calls.provider import NAME, Provider, serving
from trunks.live_calls.watching import call_over, call_refreshed, watch_call
from trunks.models import LiveCall, SessionTimerPolicy, Trunk

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def after(seconds: float) -> datetime:
    """So long after the answer, which was at noon."""
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider; who else can end calls is left alone."""
    monkeypatch.setattr("trunks.live_calls.enders._enders", {})
    with serving() as found:
        yield found


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    """A trunk whose calls may last an hour."""
    made = make_trunk(alice, "Main line")
    with tenant_context(alice.tenant):
        SessionTimerPolicy.objects.filter(trunk=made).update(longest_call_s=3600)
    return made


class Calls:
    """Alice's calls, as what places or takes them tells of them."""

    def __init__(self, owner: Person, trunk: Trunk, provider: Provider) -> None:
        self._owner = owner
        self._trunk = trunk
        self._provider = provider

    def answer(self, reference: str = "c1", session_interval_s: int | None = 1800) -> LiveCall:
        """A call that is answered at noon."""
        self._provider.up.add(reference)
        with tenant_context(self._owner.tenant):
            return watch_call(
                tenant_id=self._owner.tenant.pk,
                trunk_id=self._trunk.pk,
                provider=NAME,
                reference=reference,
                answered_at=NOON,
                session_interval_s=session_interval_s,
            )

    def refresh(self, seconds: float, session_interval_s: int | None = 1800, reference: str = "c1") -> bool:
        """A refresh, so long after noon."""
        with tenant_context(self._owner.tenant):
            return call_refreshed(
                tenant_id=self._owner.tenant.pk,
                provider=NAME,
                reference=reference,
                now=after(seconds),
                session_interval_s=session_interval_s,
            )

    def over(self, seconds: float, reference: str = "c1") -> bool:
        """The end that a call came to by itself."""
        with tenant_context(self._owner.tenant):
            return call_over(
                tenant_id=self._owner.tenant.pk, provider=NAME, reference=reference, now=after(seconds)
            )

    def stored(self, reference: str = "c1") -> LiveCall:
        """A call as it stands in the database."""
        with tenant_context(self._owner.tenant):
            return LiveCall.objects.get(reference=reference)

    def incidents(self) -> list[tuple[Any, ...]]:
        """Kind, title, count and resolution of every incident, the oldest first."""
        with tenant_context(self._owner.tenant):
            rows = Incident.objects.order_by("opened_at", "created_at")
            return list(rows.values_list("kind", "title", "count", "resolution"))


@pytest.fixture
def calls(alice: Person, trunk: Trunk, provider: Provider) -> Calls:
    return Calls(alice, trunk, provider)
