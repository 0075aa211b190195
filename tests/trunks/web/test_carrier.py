"""A trunk's carrier page: what to enter there, and what changed since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.presets.publishing import FIRST, SECOND, publish
from tests.trunks.registering import register
from tests.trunks.web.conftest import page
from trunks import services
from trunks.models import AllowedNetwork, Trunk

NEW = {
    "add_network:192.0.2.0/28",
    "remove_network:203.0.113.0/28",
    "move_gateway:acme.eu.example.com",
    "set_number:dial_format",
}


@pytest.fixture
def made(alice: Person, settings: Any, tmp_path: Path) -> Trunk:
    """Alice's trunk, made from the first version of the carrier's facts."""
    publish(settings, tmp_path, FIRST)
    with tenant_context(alice.tenant):
        trunk, _warnings = services.provision_trunk(
            tenant=alice.tenant,
            actor=alice.actor,
            name="Example",
            authentication=["ip_allowlist"],
            preset="example",
            gateways=[{"uri": "sip:acme.eu.example.com;transport=tls"}],
            allowed_networks=[{"cidr": "203.0.113.0/28"}],
        )
    return trunk


@pytest.fixture
def changed(made: Trunk, settings: Any, tmp_path: Path) -> Trunk:
    """The same trunk, after the carrier changed its facts."""
    publish(settings, tmp_path, SECOND)
    return made


def look(person: Person, trunk: Trunk, name: str = "carrier") -> Any:
    return person.client().get(page(name, person, trunk))


def new_ids(response: Any) -> set[str]:
    return {line.id for line, _words in response.context["new_lines"]}


def test_the_checklist_follows_the_trunk(alice: Person, made: Trunk, settings: Any) -> None:
    settings.SIP_SOURCE_ADDRESSES = ["203.0.113.99/32"]
    html = look(alice, made).content.decode()
    assert 'data-copy="203.0.113.99/32"' in html
    assert 'data-copy="sip:203.0.113.99;transport=tls"' in html


def test_a_trunk_without_a_preset_has_a_checklist_too(alice: Person, trunk: Trunk) -> None:
    response = look(alice, trunk)
    assert "This trunk was not made from a carrier" in response.content.decode()
    assert len(response.context["checklist"]) == 4


def test_the_checklist_follows_a_registration_that_the_settings_do_not_mention(
    alice: Person, trunk: Trunk
) -> None:
    register(alice, trunk)

    told = [item.text for item in look(alice, trunk).context["checklist"]]

    assert any(text.startswith("Registration (REGISTER)") for text in told)


def test_a_preset_that_was_removed_breaks_nothing(
    alice: Person, made: Trunk, settings: Any, tmp_path: Path
) -> None:
    settings.CARRIER_PRESETS = tmp_path / "nothing"
    assert look(alice, made).status_code == 200
    assert look(alice, made, "detail").status_code == 200


def test_without_news_nothing_is_said(alice: Person, made: Trunk) -> None:
    assert new_ids(look(alice, made)) == set()
    assert "changed at your carrier" not in look(alice, made, "detail").content.decode()


def test_news_are_on_the_trunks_first_page(alice: Person, changed: Trunk) -> None:
    assert "Example Telecom: 4 facts have changed at your carrier" in (
        look(alice, changed, "detail").content.decode()
    )
    assert new_ids(look(alice, changed)) == NEW


def test_a_line_is_taken_over(alice: Person, changed: Trunk) -> None:
    client = alice.client()
    done = client.post(
        page("preset-apply", alice, changed), {"line": "add_network:192.0.2.0/28"}, follow=True
    )
    assert [str(message) for message in done.context["messages"]] == ["Accept calls from 192.0.2.0/28: done."]
    assert new_ids(done) == NEW - {"add_network:192.0.2.0/28"}
    with tenant_context(alice.tenant):
        assert AllowedNetwork.objects.filter(cidr="192.0.2.0/28").exists()


def test_a_gateway_moves_without_its_passwords(alice: Person, changed: Trunk) -> None:
    with tenant_context(alice.tenant):
        services.add_credential(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=changed,
            direction="outbound",
            username="acme",
            secret="s3cret",
        )
    assert '<input type="hidden" name="clear_secrets" value="on">' in look(alice, changed).content.decode()
    line = {"line": "move_gateway:acme.eu.example.com"}
    client, address = alice.client(), page("preset-apply", alice, changed)
    asked = client.post(address, line, follow=True)
    (message,) = asked.context["messages"]
    assert str(message).startswith("Passwords are kept only for the addresses they were entered for")
    moved = client.post(address, {**line, "clear_secrets": "on"}, follow=True)
    assert [str(message).partition(",")[0] for message in moved.context["messages"]] == [
        "Call another host instead of acme.eu.example.com: done.",
        "The password of “acme” was cleared",
    ]
    assert new_ids(moved) == NEW - {"move_gateway:acme.eu.example.com"}


def test_what_is_no_difference_is_refused(alice: Person, changed: Trunk) -> None:
    done = alice.client().post(
        page("preset-apply", alice, changed), {"line": "add_network:10.0.0.0/24"}, follow=True
    )
    assert [str(message) for message in done.context["messages"]] == [
        "This is no longer a difference: nothing was changed."
    ]
    assert new_ids(done) == NEW


@pytest.mark.parametrize(
    ("version", "left", "message"),
    [
        ("2", set(), "Noted. You are told when the carrier's facts change again."),
        ("1", NEW, "The carrier's facts changed again. Look at them once more."),
        ("²", NEW, "The carrier's facts changed again. Look at them once more."),
    ],
)
def test_the_rest_is_kept(alice: Person, changed: Trunk, version: str, left: set[str], message: str) -> None:
    done = alice.client().post(page("preset-review", alice, changed), {"version": version}, follow=True)
    assert [str(each) for each in done.context["messages"]] == [message]
    assert new_ids(done) == left


def test_bob_looks_and_is_offered_nothing(bob: Person, changed: Trunk) -> None:
    response = look(bob, changed)
    assert new_ids(response) == NEW
    assert "Take over" not in response.content.decode().partition("<main")[2].replace("Take over each", "")


@pytest.mark.parametrize("gateways", [1, 3])
def test_the_page_costs_the_same_for_more(
    alice: Person, changed: Trunk, gateways: int, django_assert_num_queries: Any
) -> None:
    with tenant_context(alice.tenant):
        for number in range(1, gateways):
            services.add_gateway(
                tenant=alice.tenant, actor=alice.actor, trunk=changed, uri=f"sip:g{number}.example.com"
            )
            services.add_allowed_network(
                tenant=alice.tenant, actor=alice.actor, trunk=changed, cidr=f"198.51.100.{number}"
            )
    client = alice.client()
    with django_assert_num_queries(23):
        client.get(page("carrier", alice, changed))
