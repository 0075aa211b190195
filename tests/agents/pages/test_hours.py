"""Business hours: the list, the form, deleting them."""

from __future__ import annotations

from typing import Any

import pytest

from agents import services
from agents.forms.hours import holidays_as_text, week_as_texts
from agents.models import Agent, BusinessHours
from tenants.context import tenant_context
from tests.agents.conftest import NINE_TO_FIVE, make_hours, make_number, make_route
from tests.agents.pages.conftest import page, same_queries
from tests.conftest import Person
from tests.trunks.web.conftest import text_of

pytestmark = pytest.mark.django_db
NEW = {"name": "Practice", "time_zone": "America/New_York", "monday": "09:00-17:00"}


def hours_page(name: str, person: Person, hours: BusinessHours) -> str:
    return page(name, person, hours_id=hours.pk)


def create(person: Person, **changes: str) -> Any:
    return person.client().post(page("hours-create", person), {**NEW, **changes})


def only(person: Person) -> BusinessHours:
    with tenant_context(person.tenant):
        return BusinessHours.objects.get()


def test_an_empty_list_says_what_belongs_there(alice: Person) -> None:
    html = alice.client().get(page("hours", alice)).content.decode()
    assert f'class="btn btn-primary" href="{page("hours-create", alice)}"' in html


def test_the_list_says_when_it_is_open_and_who_goes_by_it(alice: Person, agent: Agent) -> None:
    holiday = {"date": "2999-01-01", "name": "Far away", "opens": None, "closes": None}
    hours = make_hours(alice, holidays=[holiday])
    make_hours(alice, name="Never", weekly=[])
    make_route(alice, make_number(alice), agent, hours_id=hours.pk)
    text = text_of(alice.client().get(page("hours", alice)).content)
    for words in (
        *("Monday to Friday 09:00 to 17:00", "1 holiday ahead", "+1 415-555-0101"),
        *("Closed", "and no opening within a year", "never"),
    ):
        assert words in text, words


def test_queries_are_the_same_for_one_and_three(alice: Person, agent: Agent) -> None:
    def add(name: str, digits: str) -> None:
        hours = make_hours(alice, name=name)
        make_route(alice, make_number(alice, f"+1415555{digits}"), agent, hours_id=hours.pk)

    def grow() -> None:
        add("Two", "0102")
        add("Three", "0103")

    add("One", "0101")
    assert same_queries(alice.client(), page("hours", alice), grow)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("09:00-12:00, 13:00-17:00", ["09:00-12:00", "13:00-17:00"]),
        ("9-17", ["09:00-17:00"]),
        ("9am-5:30pm", ["09:00-17:30"]),
        ("12 pm to 12:30 p.m.; 13:00 until 24:00", ["12:00-12:30", "13:00-24:00"]),
        ("12am-1am", ["00:00-01:00"]),
        ("", []),
    ],
)
def test_times_are_read_as_people_write_them(alice: Person, text: str, spans: list[str]) -> None:
    assert create(alice, monday=text)["Location"] == page("hours", alice)
    assert [f"{each['opens']}-{each['closes']}" for each in only(alice).weekly] == spans


def test_holidays_are_read_line_by_line(alice: Person) -> None:
    lines = [
        "2027-12-24 09:00-12:00, 13:00-14:00 Christmas Eve",
        "",
        "2027-01-01 New Year's Day",
        "2027-07-05 4 July",
    ]
    create(alice, holidays="\r\n".join(lines))
    found = [(each["date"], each["name"], each["opens"]) for each in only(alice).holidays]
    assert found == [
        ("2027-01-01", "New Year's Day", None),
        ("2027-07-05", "4 July", None),
        ("2027-12-24", "Christmas Eve", "09:00"),
        ("2027-12-24", "Christmas Eve", "13:00"),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": ""}, "name", "Give them a name"),
        ({"time_zone": ""}, "time_zone", "Choose where these clocks hang."),
        ({"time_zone": "Mars/Base"}, "time_zone", "Select a valid choice"),
        ({"monday": "nine to five"}, "monday", "Write times such as"),
        ({"monday": "13pm-14pm"}, "monday", "Write times such as"),
        ({"tuesday": "9-5"}, "tuesday", "“9-5” ends before it begins. Write 9am-5pm, or 09:00-17:00."),
        ({"tuesday": "22:00-06:00"}, "tuesday", "Close later than you open. Over midnight"),
        ({"sunday": "09:00-12:00, 11:00-13:00"}, "sunday", "overlap"),
        ({"sunday": "09:00-25:00"}, "sunday", "Write times such as 09:30"),
        ({"holidays": "Christmas"}, "holidays", "Write date and name"),
        (
            {"holidays": "24.12.2027 Christmas Eve"},
            "holidays",
            "“24.12.2027” is no date. Write dates such as",
        ),
        ({"holidays": "2027-02-30 Nothing"}, "holidays", "“2027-02-30” is no date."),
        ({"holidays": "2027-01-01 New\n2027-01-01 Again"}, "holidays", "2027-01-01 is there twice. Say once"),
        ({"holidays": "2027-12-24 9-5 Christmas Eve"}, "holidays", "“9-5” ends before it begins."),
    ],
)
def test_wrong_input(alice: Person, changes: dict[str, str], field: str, words: str) -> None:
    response = create(alice, **changes)
    errors = response.context["form"].errors
    assert (response.status_code, list(errors)) == (422, [field])
    assert words in errors[field][0]


def test_a_name_is_given_once(alice: Person) -> None:
    make_hours(alice)
    response = create(alice, name="office")
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])


def test_the_form_shows_what_is_stored_and_saves_it_unchanged(alice: Person) -> None:
    holidays = [
        {"date": "2027-01-01", "name": "New Year's Day", "opens": None, "closes": None},
        {"date": "2027-12-24", "name": "Eve", "opens": "09:00", "closes": "12:00"},
    ]
    hours = make_hours(alice, holidays=holidays, time_zone="US/Eastern")
    browser = alice.client()
    form = browser.get(hours_page("hours-edit", alice, hours)).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    assert browser.post(hours_page("hours-edit", alice, hours), sent).status_code == 302
    row = only(alice)
    assert (row.version, row.weekly, row.holidays, row.time_zone) == (1, NINE_TO_FIVE, holidays, "US/Eastern")
    browser.post(hours_page("hours-edit", alice, hours), {**sent, "monday": "10-12"})
    row = only(alice)
    assert (row.version, row.weekly[0]) == (2, {"day": "monday", "opens": "10:00", "closes": "12:00"})


def test_two_people_at_once_see_both_weeks(alice: Person) -> None:
    hours = make_hours(alice)
    with tenant_context(alice.tenant):
        services.edit_hours(
            tenant=alice.tenant, actor=alice.actor, hours=hours, expected_version=1, weekly=NINE_TO_FIVE[1:]
        )
    sent = {**NEW, "name": "Office", "version": 1, "monday": "08:00-09:00"}
    response = alice.client().post(hours_page("hours-edit", alice, hours), sent)
    assert (response.status_code, "08:00-09:00" in text_of(response.content)) == (409, True)
    assert response.context["form"]["version"].value() == "2"


def test_they_are_deleted_unless_a_number_goes_by_them(alice: Person, agent: Agent) -> None:
    hours = make_hours(alice)
    other = make_hours(alice, name="Other")
    make_route(alice, make_number(alice), agent, hours_id=hours.pk)
    browser = alice.client()
    html = browser.get(hours_page("hours-delete", alice, hours)).content.decode()
    assert ("+1 415-555-0101" in html, "Delete them" in html) == (True, False)
    refused = browser.post(hours_page("hours-delete", alice, hours), {"version": 1}, follow=True)
    assert "look at them" in refused.content.decode()
    done = browser.post(hours_page("hours-delete", alice, other), {"version": 1})
    assert (done["Location"], only(alice).pk) == (page("hours", alice), hours.pk)


def test_the_audit_log_leads_to_them(alice: Person) -> None:
    hours = make_hours(alice)
    html = alice.client().get(f"/t/{alice.tenant.slug}/audit/").content.decode()
    assert f'href="{page("hours", alice)}#hours-{hours.pk}"' in html


def test_as_texts() -> None:
    weekly = [{"day": "monday", "opens": "09:00", "closes": "12:00"}]
    assert week_as_texts(weekly)["monday"] == "09:00-12:00"
    assert holidays_as_text([]) == ""
