"""A trunk at Twilio, on its page: plan, addresses to dial, drift, failure, switching off."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.local.doubles.twilio.numbers import NUMBERS
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk
from tests.trunks.provisioning.conftest import SECOND, Plant
from tests.trunks.provisioning.test_drift import add_credential, add_target, change_target, remove_target
from tests.trunks.web.conftest import page, text_of
from tests.twilio_double import DoubledTwilio
from trunks import services
from trunks.enums import AccountStatus, ProvisionKind, ProvisionState
from trunks.models import PhoneNumber, TrunkNumber, TrunkProvision
from trunks.numbers.accounts import want_account
from trunks.numbers.worker import provision_due
from trunks.provisioning.queries import differences_of
from trunks.provisioning.worker import reconcile_due

FORM = {"kind": "byoc", "domain_label": "", "transfer_mode": "disable-all"}


@pytest.fixture
def plant(twilio: DoubledTwilio, alice: Person) -> Plant:
    """Alice's trunk that can be put at Twilio."""
    return Plant(twilio, alice)


@pytest.fixture
def desk(twilio: DoubledTwilio) -> Desk:
    """Where numbers are ordered."""
    return Desk(twilio)


def url(plant: Plant, name: str = "provider", **ids: Any) -> str:
    return page(name, plant.person, plant.trunk, **ids)


def shown(plant: Plant, person: Person | None = None) -> str:
    """What is read on the trunk's page."""
    return told((person or plant.person).client().get(url(plant)))


def told(response: Any) -> str:
    """What is read on a page; long addresses may break within."""
    return text_of(response.content.replace(b"<wbr>", b""))


def press(plant: Plant, name: str, *keys: str, plan: str = "", **more: Any) -> Any:
    """Press a button of the page as it is shown now, or was with another plan."""
    body = {"plan": plan or plant.row.plan_fingerprint, "keys": list(keys), **more}
    return plant.person.client().post(url(plant, name), body, follow=True)


def look_again(plant: Plant) -> TrunkProvision:
    """Let a worker look once more, on request."""
    plant.do(services.look_now, provision=plant.row)
    reconcile_due()
    return plant.row


def poll(plant: Plant) -> Any:
    return plant.person.client().get(url(plant), headers={"HX-Request": "true"})


def test_from_the_form_to_addresses_that_can_be_dialled(plant: Plant) -> None:
    client = plant.person.client()
    before = text_of(client.get(url(plant)).content)
    assert "Set this trunk up at Twilio" in before
    assert "You keep your numbers and your contract there." in before
    assert "Twilio is the carrier and bills the minutes." in before

    assert client.post(url(plant), FORM)["Location"] == url(plant)
    assert "Being compared with Twilio" not in shown(plant)  # the account comes first
    assert "Your account at Twilio is being set up" in shown(plant)
    assert poll(plant).status_code == 200
    provision_due()
    assert "Being compared with Twilio" in shown(plant)
    reconcile_due()

    plan = shown(plant)
    assert "Plan to be looked at" in plan
    assert "Nothing happens there before you apply it." in plan
    assert "Apply the plan" in plan
    assert "Put ours" not in plan
    assert plant.there() == {}
    assert poll(plant).status_code == 286

    assert press(plant, "provider-apply").redirect_chain == [(url(plant), 302)]
    assert "Being applied" in shown(plant)
    assert poll(plant).status_code == 200
    reconcile_due()

    response = client.get(url(plant))
    done = text_of(response.content)
    domain = plant.row.domain_name
    assert "In sync" in done
    for address in (f"sip:{{agent}}@{domain};transport=tls", f"sip:+{{number}}@{domain};transport=tls"):
        assert f'data-copy="{address}"' in response.content.decode()
    assert "UDP and TCP 5060, TLS 5061" in done
    assert "Differences" not in done
    assert poll(plant).status_code == 286


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"kind": ""}, "kind"), ({"kind": "x"}, "kind"), ({"domain_label": "a_b"}, "domain_label"),
     ({"domain_label": "-a"}, "domain_label"), ({"domain_label": "a" * 41}, "domain_label"),
     ({"transfer_mode": "x"}, "transfer_mode")],
)  # fmt: skip
def test_wrong_settings_are_refused(plant: Plant, sent: dict[str, str], field: str) -> None:
    response = plant.person.client().post(url(plant), {**FORM, **sent})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_capitals_in_a_name_are_taken_as_small(plant: Plant) -> None:
    plant.person.client().post(url(plant), {**FORM, "domain_label": " Acme-Berlin "})

    assert plant.row.domain_name == "acme-berlin.sip.twilio.com"


def test_it_is_set_up_once(plant: Plant) -> None:
    client = plant.person.client()
    client.post(url(plant), FORM)

    response = client.post(url(plant), FORM, follow=True)

    assert "This trunk is set up at Twilio already." in response.content.decode()


def test_without_an_account_of_the_installations_there_is_nothing_to_set_up(
    alice: Person, settings: Any
) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    client = alice.client()

    assert "No Twilio account is configured here" in text_of(
        client.get(page("provider", alice, trunk)).content
    )
    refused = client.post(page("provider", alice, trunk), FORM)
    assert refused.status_code == 422
    assert "At Twilio" not in client.get(page("detail", alice, trunk)).content.decode()


def test_a_read_only_tenant_is_told_why(plant: Plant) -> None:
    plant.ready()
    add_target(plant)
    row = plant.look()
    with tenant_context(plant.person.tenant):
        Tenant.objects.update(read_only_reason="Pay the open invoice first.")

    for name in ("provider-apply", "provider-take", "provider-look"):
        response = press(plant, name, row.plan[0]["key"])
        assert "Pay the open invoice first." in response.content.decode(), name
    assert plant.row.state == ProvisionState.DRIFTED


def test_drift_is_shown_with_both_ways_and_ours_is_put_back(plant: Plant) -> None:
    plant.ready()
    remove_target(plant)
    add_credential(plant)
    plant.look()

    words = shown(plant)
    assert "Changed at Twilio" in words
    assert f"Target {SECOND} is not there" in words
    assert "Put ours" in words
    assert "The gateway is switched off here." in words
    assert "Theirs cannot be taken: Twilio never tells a password." in words

    press(plant, "provider-apply", f"policy/{SECOND}")
    reconcile_due()
    assert plant.keys() == ["credential_list/intruder"]
    press(plant, "provider-apply")
    reconcile_due()
    assert plant.row.state == ProvisionState.IN_SYNC


def test_theirs_is_taken(plant: Plant) -> None:
    plant.ready()
    add_target(plant)
    row = plant.look()

    response = press(plant, "provider-take", row.plan[0]["key"])

    assert "It is here as it is at Twilio." in response.content.decode()
    reconcile_due()
    assert plant.row.state == ProvisionState.IN_SYNC
    detail = plant.person.client().get(page("detail", plant.person, plant.trunk)).content
    assert "gw3.carrier.example" in detail.decode()


def test_a_plan_that_is_another_by_now_is_shown_with_a_sentence(plant: Plant) -> None:
    plant.ready()
    add_target(plant)
    old = plant.look().plan_fingerprint
    change_target(plant)
    row = look_again(plant)

    response = press(plant, "provider-apply", plan=old)

    assert response.status_code == 409
    words = told(response)
    assert "Something changed since you looked." in words
    assert "Nothing of what you pressed was done." in words
    assert row.plan_fingerprint in response.content.decode()
    assert old not in response.content.decode()
    assert plant.row.state == ProvisionState.DRIFTED


def test_a_failure_says_what_who_and_where(plant: Plant) -> None:
    plant.set_up()
    plant.twilio.fail(kind="refuse", method="POST", path="ByocTrunks", status=400, code=20403)
    plant.apply()

    words = shown(plant)
    assert "Failed" in words
    assert "nothing of it is left at Twilio" in words
    assert "Apply the plan again" in words
    assert "What happened" in words
    assert "What to change" in words

    plant.apply()
    assert "In sync" in shown(plant)


def test_what_blocks_a_plan_is_told_and_the_button_is_dead(plant: Plant) -> None:
    for last in range(25):
        plant.do(services.add_allowed_network, trunk=plant.trunk, cidr=f"198.51.100.{last}/32")
    plant.set_up()

    response = plant.person.client().get(url(plant))

    assert "Twilio takes 25 networks, and this trunk has 26." in told(response)
    assert '<button class="btn btn-primary" disabled>' in response.content.decode()


def test_settings_are_edited_and_lost_updates_refused(plant: Plant) -> None:
    plant.ready()
    client, address = plant.person.client(), url(plant, "provider-edit")
    form = {"domain_label": "acme-new", "secure": "on", "version": 1}

    assert client.post(address, form)["Location"] == url(plant)
    assert plant.row.domain_name == "acme-new.sip.twilio.com"
    refused = client.post(address, {**form, "domain_label": "other"})

    assert refused.status_code == 409
    assert [row["theirs"] for row in refused.context["conflict_rows"]] == ["acme-new"]
    reconcile_due()
    words = shown(plant)
    assert "Waits to be applied · 1 difference" in words
    assert "They answer once the plan is applied." in words


def test_it_is_switched_off_after_a_question(plant: Plant) -> None:
    plant.ready()
    client, address = plant.person.client(), url(plant, "provider-off")
    assert "whoever dials it reaches nobody any more" in text_of(client.get(address).content)

    assert client.post(address, {"version": 1})["Location"] == url(plant)
    assert "Being removed" in shown(plant)
    reconcile_due()

    assert plant.there() == {}
    assert "Set this trunk up at Twilio" in shown(plant)
    assert poll(plant).status_code == 286
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("is_new", [True, False])
def test_what_waits_for_a_suspended_account_says_so(plant: Plant, is_new: bool) -> None:
    plant.set_up()
    if is_new:
        with tenant_context(plant.person.tenant):
            TrunkProvision.objects.update(state=ProvisionState.NEW, due_at=database_now())
    else:
        plant.ask()
    with tenant_context(plant.person.tenant):
        want_account(plant.person.tenant, AccountStatus.SUSPENDED)
    provision_due()
    reconcile_due()
    words = shown(plant)
    assert "Waits for your account" in words
    assert "this takes seconds" not in words
    assert "being set up" not in words


def test_an_old_page_switches_nothing_off(plant: Plant) -> None:
    row = plant.ready()
    plant.do(services.update_provision, provision=row, expected_version=1, auto_apply=True)

    response = plant.person.client().post(url(plant, "provider-off"), {"version": 1}, follow=True)

    assert "Somebody changed this since you opened the page." in response.content.decode()
    assert plant.row.state != ProvisionState.REMOVING


def test_looking_too_often_is_told(plant: Plant) -> None:
    plant.ready()
    for _ in range(3):
        press(plant, "provider-look")
        reconcile_due()

    assert "Try again in" in press(plant, "provider-look").content.decode()


def test_numbers_are_put_on_an_elastic_trunk_and_taken_off(plant: Plant, desk: Desk) -> None:
    number = desk.order(plant.person)
    provision_due()
    plant.ready(ProvisionKind.ELASTIC)
    assert "None yet." in shown(plant)

    press(plant, "provider-attach", number=str(number.pk))
    reconcile_due()
    words = shown(plant)
    assert "is not on the trunk" in words
    assert "No other bought number is free." in words
    plant.apply()
    (stored,) = plant.store.all(NUMBERS)
    assert (stored["phone_number"], bool(stored["trunk_sid"])) == (NUMBER, True)

    with tenant_context(plant.person.tenant):
        on_trunk = TrunkNumber.objects.get()
    plant.person.client().post(url(plant, "provider-detach", trunk_number_id=on_trunk.pk))
    with tenant_context(plant.person.tenant):
        assert not TrunkNumber.objects.exists()


def test_a_strangers_number_is_not_put_on_a_trunk(plant: Plant, charlie: Person, desk: Desk) -> None:
    number = desk.order(charlie)
    plant.set_up(ProvisionKind.ELASTIC)

    response = plant.person.client().post(
        url(plant, "provider-attach"), {"number": str(number.pk)}, follow=True
    )

    assert "Choose one of your numbers." in response.content.decode()
    with tenant_context(plant.person.tenant):
        assert not TrunkNumber.objects.exists()


def test_bob_sees_the_plan_and_no_buttons(plant: Plant, bob: Person) -> None:
    plant.set_up()

    page_text = shown(plant, bob)

    assert "Plan to be looked at" in page_text
    assert "Apply the plan" not in page_text
    assert "An owner, admin or developer" in page_text


def test_lists_and_the_trunks_first_page_say_what_waits(plant: Plant) -> None:
    client = plant.person.client()
    addresses = [page("list", plant.person), url(plant, "detail")]

    def pages() -> list[str]:
        return [client.get(each).content.decode() for each in addresses]

    assert all("Twilio</a>" not in html for html in pages()[:1])
    plant.set_up()
    assert all("A plan waits to be applied at Twilio" in html for html in pages())
    plant.apply()
    assert all("waits to be applied" not in html for html in pages())
    add_target(plant)
    plant.look()
    assert all("Something was changed at Twilio" in html for html in pages())


def test_queries_are_the_same_for_a_short_and_a_long_plan(plant: Plant) -> None:
    client = plant.person.client()
    plant.ready()
    add_credential(plant)
    plant.look()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(plant)).status_code == 200
        return len(captured)

    queries()
    with_one = queries()
    change_target(plant)

    assert len(differences_of(look_again(plant))) == 4
    assert queries() == with_one


def test_queries_are_the_same_for_one_and_three_numbers(plant: Plant) -> None:
    client = plant.person.client()
    row = plant.set_up(ProvisionKind.ELASTIC)

    def attach(*numbers: str) -> None:
        own: dict[str, Any] = {"tenant": plant.person.tenant}
        with tenant_context(plant.person.tenant):
            for each in numbers:
                number = PhoneNumber.objects.create(number=each, source="bought", state="ordered", **own)
                TrunkNumber.objects.create(provision=row, phone_number=number, **own)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(plant)).status_code == 200
        return len(captured)

    attach("+14155550101")
    queries()
    with_one = queries()
    attach("+14155550102", "+14155550103")

    assert queries() == with_one
