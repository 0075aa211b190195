"""From a carrier's published facts, or the advisor, to a form that is filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.presets.publishing import FIRST, SECOND, publish
from tests.trunks.web.conftest import page
from trunks.models import AllowedNetwork, Trunk
from trunks.presets import catalogue

OURS = Path(catalogue.__file__).parent


@pytest.fixture(autouse=True)
def facts(settings: Any, tmp_path: Path) -> None:
    publish(settings, tmp_path, FIRST)


def filled_in(person: Person, **query: Any) -> dict[str, Any]:
    """Return what the connect form shows after a choice."""
    form = person.client().get(page("create", person), query).context["form"]
    names = ("name", "address", "transport", "port", "authentication", "networks", "preset")
    return {name: form[name].value() for name in names}


EMPTY = {
    "name": None,
    "address": None,
    "transport": None,
    "port": None,
    "authentication": ["ip_allowlist"],
    "networks": None,
    "preset": None,
}


def test_every_carrier_is_listed_and_drafts_apart(alice: Person, settings: Any) -> None:
    settings.CARRIER_PRESETS = OURS
    response = alice.client().get(page("carriers", alice))
    ready, drafts = response.context["ready"], response.context["drafts"]
    assert (len(ready), len(drafts)) == (14, 6)
    assert response.content.decode().count('<span class="tag tone-warn">draft</span>') == 6


def test_a_carrier_asks_for_the_few_choices(alice: Person) -> None:
    response = alice.client().get(page("carriers", alice), {"carrier": "example"})
    form = response.context["form"]
    assert list(form.fields) == ["place", "transport", "recognition", "account", "drafts"]


def test_a_draft_can_only_be_read(alice: Person, settings: Any) -> None:
    settings.CARRIER_PRESETS = OURS
    html = alice.client().get(page("carriers", alice), {"carrier": "skyetel"}).content.decode()
    assert "Nothing of this comes from the carrier" in html
    assert "Fill in the form" not in html
    assert filled_in(alice, preset="skyetel") == EMPTY


@pytest.mark.parametrize(
    ("query", "changes"),
    [
        ({}, {}),
        ({"account": "acme"}, {"address": "acme.eu.example.com"}),
        (
            {"place": "us", "transport": "tcp", "recognition": "digest"},
            {
                "address": "us.example.com",
                "transport": "tcp",
                "port": 5070,
                "authentication": ["digest"],
                "networks": "203.0.113.16/28",
            },
        ),
        ({"drafts": "on"}, {"networks": "203.0.113.0/28\n198.51.100.0/28"}),
        ({"place": "mars", "transport": "sctp", "recognition": "magic"}, {}),
    ],
)
def test_a_choice_fills_in_the_form(alice: Person, query: dict[str, Any], changes: dict[str, Any]) -> None:
    assert filled_in(alice, preset="example", **query) == {
        **EMPTY,
        "name": "Example Telecom",
        "transport": "tls",
        "networks": "203.0.113.0/28",
        "preset": "example",
        **changes,
    }


def test_what_is_unknown_fills_in_nothing(alice: Person) -> None:
    assert filled_in(alice, preset="no-such-carrier", recognition="magic", transport="sctp") == EMPTY


def test_a_filled_in_form_makes_a_trunk_that_remembers(alice: Person, settings: Any, tmp_path: Path) -> None:
    publish(settings, tmp_path, SECOND)
    form = {
        "name": "Example",
        "direction": "both",
        "address": "acme.europe.example.com",
        "transport": "tls",
        "authentication": ["ip_allowlist"],
        "networks": "192.0.2.0/28\n198.51.100.7",
        "preset": "example",
    }
    assert alice.client().post(page("create", alice), form).status_code == 302
    with tenant_context(alice.tenant):
        trunk = Trunk.objects.get()
        networks = dict(AllowedNetwork.objects.values_list("cidr", "note"))
    assert (trunk.preset_key, trunk.preset_version, trunk.dial_format) == ("example", 2, "e164")
    assert networks == {"192.0.2.0/28": "Example Telecom, Europe", "198.51.100.7/32": ""}


def test_a_preset_that_is_gone_is_said(alice: Person) -> None:
    form = {"name": "X", "direction": "both", "address": "a.example", "preset": "gone"}
    response = alice.client().post(page("create", alice), form)
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "preset": ["Choose a carrier preset that exists and is no draft."]
    }


def test_the_checklist_is_on_the_form(alice: Person, settings: Any) -> None:
    settings.SIP_SOURCE_ADDRESSES = ["203.0.113.99/32"]
    settings.SIP_ADVERTISED_HOST = "sip.ours.example"
    html = alice.client().get(page("create", alice), {"preset": "example"}).content.decode()
    assert 'data-copy="203.0.113.99/32"' in html
    assert 'data-copy="sip:sip.ours.example;transport=tls"' in html


def test_the_checklist_follows_the_choices(alice: Person) -> None:
    query = {"checklist": "1", "direction": "inbound", "authentication": "registration", "transport": "tcp"}
    html = alice.client().get(page("create", alice), query).content.decode()
    assert "Registration (REGISTER): make a user name" in html
    assert "TCP." in html
    assert "<form" not in html


def advised(person: Person, **answers: Any) -> Any:
    return person.client().get(page("advisor", person), answers)


def test_the_advisor_asks_first(alice: Person) -> None:
    response = advised(alice)
    assert (response.status_code, response.context["advice"]) == (200, None)


def test_the_advice_leads_into_the_form(alice: Person) -> None:
    response = advised(alice, answers="own", address="changes", offers=["registration", "ip_allowlist"])
    assert response.context["advice"].method == "register"
    leads_to = response.context["connect_url"]
    assert leads_to == f"{page('create', alice)}?recognition=registration&transport=tls"
    form = alice.client().get(leads_to).context["form"]
    assert (form["authentication"].value(), form["transport"].value()) == (["registration"], "tls")


def test_a_question_without_an_answer_is_said(alice: Person) -> None:
    response = advised(alice, answers="", offers=["magic"])
    assert response.context["advice"] is None
    assert response.context["form"].errors == {
        "answers": ["Choose who answers the calls."],
        "address": ["Choose whether the address stays the same."],
        "offers": ["Select a valid choice. magic is not one of the available choices."],
    }
