"""How gateways are watched."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import HealthPolicy, Trunk

FORM = {"interval_s": 60, "failures_to_down": 2, "successes_to_up": 1}


def send(person: Person, trunk: Trunk, **changes: Any) -> Any:
    """Send the form as it was shown."""
    return person.client().post(page("policy", person, trunk), {**FORM, "version": 1, **changes})


def test_alice_changes_the_checks(alice: Person, trunk: Trunk) -> None:
    assert send(alice, trunk)["Location"] == page("detail", alice, trunk)
    with tenant_context(alice.tenant):
        policy = HealthPolicy.objects.get()
    assert (policy.interval_s, policy.failures_to_down, policy.successes_to_up) == (60, 2, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("interval_s", 14), ("interval_s", 3601), ("failures_to_down", 0), ("failures_to_down", 11),
     ("successes_to_up", 0), ("successes_to_up", 11), ("interval_s", "x"), ("interval_s", "")],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(alice: Person, trunk: Trunk, field: str, value: object) -> None:
    response = send(alice, trunk, **{field: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_a_lost_update_is_refused(alice: Person, trunk: Trunk) -> None:
    send(alice, trunk)

    refused = send(alice, trunk, interval_s=120)

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [{"label": "Ask every", "theirs": "60", "yours": "120"}]


def test_the_meaning_follows_the_numbers(alice: Person, trunk: Trunk) -> None:
    html = alice.client().get(page("policy-preview", alice, trunk), FORM).content.decode()

    assert "Down after about 2\N{NO-BREAK SPACE}min of silence: 2 failed checks in a row." in html
