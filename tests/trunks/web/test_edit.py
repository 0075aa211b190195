"""Editing a trunk, and two people who do it at once."""

from __future__ import annotations

from typing import Any

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.registering import register
from tests.trunks.web.conftest import page
from trunks import services
from trunks.models import Trunk

FORM = {
    "name": "Renamed",
    "direction": "inbound",
    "authentication": ["digest"],
    "is_enabled": "on",
    "notes": "",
}


def send(person: Person, trunk: Trunk, **changes: Any) -> Any:
    """Send the form as it was shown to the person."""
    return person.client().post(page("edit", person, trunk), {**FORM, "version": 1, **changes})


def stored(person: Person) -> Trunk:
    """Return the trunk as it is stored."""
    with tenant_context(person.tenant):
        return Trunk.objects.get()


def test_alice_renames_her_trunk(alice: Person, trunk: Trunk) -> None:
    response = send(alice, trunk)

    assert response["Location"] == page("detail", alice, trunk)
    assert (stored(alice).name, stored(alice).direction, stored(alice).version) == ("Renamed", "inbound", 2)


def test_switching_it_off_pauses_its_checks(alice: Person, trunk: Trunk) -> None:
    send(alice, trunk, is_enabled="")

    html = alice.client().get(page("detail", alice, trunk)).content.decode()

    assert not stored(alice).is_enabled
    assert "Paused" in html


def test_settings_that_forget_the_registration_say_that_it_goes_on(alice: Person, trunk: Trunk) -> None:
    register(alice, trunk)

    shown = alice.client().post(
        page("edit", alice, trunk), {**FORM, "authentication": ["digest"], "version": 1}, follow=True
    )

    assert "It still registers at the carrier." in shown.content.decode()


def test_a_lost_update_is_refused_with_both_versions(alice: Person, trunk: Trunk) -> None:
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=1, name="Theirs"
        )

    refused = send(alice, trunk)

    assert refused.status_code == 409
    assert {"label": "Name", "theirs": "Theirs", "yours": "Renamed"} in refused.context["conflict_rows"]
    assert "alice@example.com changed this" in refused.content.decode()
    assert stored(alice).name == "Theirs"

    again = send(alice, trunk, version=refused.context["form"]["version"].value())

    assert again.status_code == 302
    assert stored(alice).name == "Renamed"


def test_choices_of_a_conflict_are_in_words(alice: Person, trunk: Trunk) -> None:
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            expected_version=1,
            direction="outbound",
            is_enabled=False,
        )

    rows = send(alice, trunk).context["conflict_rows"]

    assert {"label": "Which way do calls go?", "theirs": "Outbound", "yours": "Inbound"} in rows
    assert {"label": "This trunk is in use", "theirs": "No", "yours": "Yes"} in rows


def test_without_a_version_nothing_is_saved(alice: Person, trunk: Trunk) -> None:
    assert send(alice, trunk, version="").status_code == 422
    assert stored(alice).name == "Main line"


def opened_form(person: Person, trunk: Trunk) -> dict[str, Any]:
    """What a browser sends back of the form when nothing is changed."""
    form = person.client().get(page("edit", person, trunk)).context["form"]
    opened = form.fields["version"].widget.opened
    sent = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    return {**sent, "is_enabled": "on", "opened": opened}


def test_a_field_that_was_left_alone_is_no_conflict_and_takes_what_is_stored(
    alice: Person, trunk: Trunk
) -> None:
    form = opened_form(alice, trunk)
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            expected_version=1,
            name="Theirs",
            is_enabled=False,
            notes="one\ntwo",
            authentication=["digest", "registration"],
        )
    browser = alice.client()
    url = page("edit", alice, trunk)

    refused = browser.post(url, {**form, "direction": "inbound"})

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [
        {"label": "Which way do calls go?", "theirs": "Outbound", "yours": "Inbound"}
    ]
    again = refused.context["form"]
    sent = {name: again[name].value() for name in again.fields if name != "is_enabled"}
    assert again["is_enabled"].value() is False
    browser.post(url, {**sent, "opened": again.fields["version"].widget.opened})
    row = stored(alice)
    assert (row.name, row.direction, row.is_enabled) == ("Theirs", "inbound", False)
    assert (row.notes, row.authentication) == ("one\ntwo", ["digest", "registration"])


def test_line_ends_of_a_browser_are_no_change(alice: Person, trunk: Trunk) -> None:
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=1, notes="one\ntwo"
        )
    form = opened_form(alice, trunk)
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=2, notes="three"
        )

    refused = alice.client().post(page("edit", alice, trunk), {**form, "notes": "one\r\ntwo", "name": "Mine"})

    assert [row["label"] for row in refused.context["conflict_rows"]] == ["Name"]
    assert refused.context["form"]["notes"].value() == "three"
