"""Demo data: a clinic with a receptionist and calls worth looking at, with the double and without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agents.models import NumberRoute
from callsphere.calls.enums import CallOutcome, LeftKind
from callsphere.calls.inbox import inbox_page, kind_of, texts_page
from callsphere.calls.models import Call, VoiceMessage
from callsphere.calls.sound_keeping import sound_of
from callsphere.local.demo import OWNER_EMAIL, make_demo
from callsphere.local.demo_calls import NUMBER
from tenants.context import tenant_context, user_context
from tenants.models import Tenant, User
from tenants.queries import memberships_of
from tests.twilio_double import DoubledTwilio
from trunks.models import PhoneNumber


def clinic() -> Tenant:
    owner = User.objects.get(email=OWNER_EMAIL)
    with user_context(owner.pk):
        return memberships_of(owner).get().tenant


def test_a_receptionist_and_calls_of_every_outcome(db: None, tmp_path: Path) -> None:
    logins = make_demo(tmp_path / "demo.json", 15060)
    assert make_demo(tmp_path / "demo.json", 15060) == logins  # once, however often it is run

    tenant = clinic()
    with tenant_context(tenant):
        assert set(Call.objects.values_list("outcome", flat=True)) == set(CallOutcome.values)
        number = PhoneNumber.objects.get()
        assert (number.number, number.state, number.source) == (NUMBER, "unverified", "own")
        route = NumberRoute.objects.select_related("agent__published").get()
        assert "[" not in str(route.agent.published and route.agent.published.instructions)
        calls = list(Call.objects.all())
        left = [kind_of(row) for row in inbox_page(tenant).rows if row.is_open]
        states = [row.state for row in texts_page(tenant).rows]
        sound = sound_of(tenant, VoiceMessage.objects.filter(sound_state="there")[0].pk)
    assert (set(left), set(states)) == (set(LeftKind), {"delivered", "undelivered"})
    assert sound is not None
    assert sound[:4] == b"RIFF"
    client = Client()
    client.login(username=OWNER_EMAIL, password=logins.password)
    client.force_login(
        User.objects.get(email=OWNER_EMAIL),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    for path in ("", "charts/", *(f"{call.pk}/" for call in calls)):
        assert client.get(f"/t/{tenant.slug}/calls/{path}").status_code == 200
    for path in ("", "texts/"):
        assert client.get(f"/t/{tenant.slug}/messages/{path}").status_code == 200


@pytest.mark.usefixtures("db")
def test_where_the_double_sells_numbers_one_is_ordered(
    twilio: DoubledTwilio, settings: Any, tmp_path: Path
) -> None:
    make_demo(tmp_path / "demo.json", 15060)

    with tenant_context(clinic()):
        number = PhoneNumber.objects.get()
        assert (number.number, number.state, number.source) == (NUMBER, "ordered", "bought")
