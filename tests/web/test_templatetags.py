"""How quantities, states and charts are written."""

import datetime
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import time_machine
from django.template import Context, Template
from django.test import RequestFactory

from callsphere.web import charts, formats, icons

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def frozen_time() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def render(source: str, **context: object) -> str:
    return Template("{% load callsphere %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 s"),
        (45.9, "45 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (3 * 86_400 + 4 * 3600 + 59, "3 d 4 h"),
        (-240, "4 min"),
        (datetime.timedelta(minutes=4), "4 min"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert render("{{ seconds|duration }}", seconds=seconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.4, "&lt;1 ms"),
        (12.4, "12 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (1234, "1.2 s"),
    ],
)
def test_latency(milliseconds: float | None, text: str) -> None:
    assert render("{{ value|latency }}", value=milliseconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+14155550100", "+1 415-555-0100"),
        ("+442079460958", "+44 20 7946 0958"),
        ("anonymous", "anonymous"),
        ("", ""),
        (None, ""),
    ],
)
def test_phone(number: str | None, text: str) -> None:
    assert render("{{ number|phone }}", number=number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [("+14155550100", "(415) 555-0100"), ("+4930901820", "030 901820"), ("anonymous", "anonymous")],
)
def test_phone_at_home(number: str, text: str) -> None:
    assert render("{{ number|phone_at_home }}", number=number) == text


@pytest.mark.parametrize(
    ("address", "html"),
    [
        ("sips:a.example;transport=tls", "sips:a.example<wbr>;transport=tls"),
        ("sip:user@host", "sip:user@<wbr>host"),
        ("https://a.example/b", "https://<wbr>a.example/<wbr>b"),
        ("203.0.113.10", "203.0.113.10"),
        ("<b>;x", "&lt;b&gt;<wbr>;x"),
    ],
)
def test_breaks_only_between_parts(address: str, html: str) -> None:
    assert render("{{ address|breaks }}", address=address) == html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (9, "just now"),
        (-9, "just now"),
        (28, "28 s ago"),
        (240, "4 min ago"),
        (5 * 3600 + 59 * 60, "5 h ago"),
        (13 * 86_400, "13 d ago"),
        (40 * 86_400, "13 Oct 2026"),
        (-12 * 60, "in 12 min"),
    ],
)
def test_ago_words(seconds: int, text: str) -> None:
    assert formats.ago(NOW - datetime.timedelta(seconds=seconds)) == text


def test_ago_carries_the_exact_time() -> None:
    moment = NOW - datetime.timedelta(minutes=4)
    assert render("{% ago moment %}", moment=moment) == (
        '<time datetime="2026-11-22T11:56:00+00:00" title="22 Nov 2026, 11:56:00 UTC" data-relative="ago">'
        "4 min ago</time>"
    )


def test_ago_without_a_moment() -> None:
    assert render("{% ago moment %} {% ago moment empty='not yet' %}", moment=None) == "never not yet"


def test_elapsed_counts_up_from_a_moment() -> None:
    moment = NOW - datetime.timedelta(hours=2, minutes=5)
    assert ">2 h 5 min</time>" in render("Down {% elapsed moment %}", moment=moment)


def test_elapsed_never_counts_backwards() -> None:
    assert ">0 s</time>" in render("{% elapsed moment %}", moment=NOW + datetime.timedelta(seconds=3))


def test_status_says_the_state_in_words() -> None:
    html = render("{% status 'down' detail='no answer' %}")
    assert '<span class="status-word">Down</span>' in html
    assert "no answer" in html
    assert 'data-state="down"' in html


def test_status_escapes_what_it_is_given() -> None:
    html = render("{% status 'up' label=label detail=label %}", label="<b>x</b>")
    assert "<b>" not in html


def test_status_takes_a_live_time_as_detail() -> None:
    source = "{% elapsed moment as lasting %}{% status 'down' detail=lasting %}"
    assert "· <time datetime=" in render(source, moment=NOW)


def test_status_refuses_a_state_without_looks() -> None:
    with pytest.raises(ValueError, match="no looks for the state 'confused'"):
        render("{% status 'confused' %}")


def test_icon_is_hidden_from_screen_readers_unless_labelled() -> None:
    assert 'aria-hidden="true"' in render("{% icon 'trunk' %}")
    assert 'role="img" aria-label="Done"' in render("{% icon 'check' label='Done' %}")


def test_icon_refuses_one_that_the_sprite_lacks() -> None:
    with pytest.raises(ValueError, match=r"no icon 'dragon': add it to callsphere/web/assets/icons\.json"):
        render("{% icon 'dragon' %}")


def test_every_state_has_a_mark_in_the_sprite() -> None:
    assert {looks.mark for looks in formats.STATES.values()} <= icons.NAMES


def test_sparkline_breaks_where_an_answer_is_missing() -> None:
    html = charts.sparkline([10, 20, None, 30, 40], width=100, height=30, label="Latency")
    assert html.count("sparkline-line") == 2
    assert html.count("sparkline-miss") == 1
    assert 'aria-label="Latency"' in html
    assert "style=" not in html


@pytest.mark.parametrize("values", [[], [None], [5], [0, 0], [None, 5, None]])
def test_sparkline_draws_whatever_there_is(values: list[float | None]) -> None:
    html = charts.sparkline(values, width=100, height=30, label="Latency")
    assert html.count("sparkline-miss") == values.count(None)
    assert "nan" not in html


def test_availability_strip_draws_objects_and_mappings() -> None:
    buckets = [SimpleNamespace(state="up", label="10:00"), {"state": "down", "label": "10:05 <down>"}]
    html = charts.availability_strip(buckets, label="50 % available")
    assert html.count("<rect") == 2
    assert "10:05 &lt;down&gt;" in html
    assert 'aria-label="50 % available"' in html


def test_availability_strip_of_nothing_is_empty() -> None:
    assert "<rect" not in charts.availability_strip([], label="No checks yet")


@pytest.mark.parametrize(
    ("path", "tag", "marked"),
    [
        ("/t/a/trunks/1/", "{% active '/t/a/trunks/' %}", True),
        ("/t/a/team/", "{% active '/t/a/trunks/' %}", False),
        ("/t/a/trunks/1/", "{% active '/t/a/trunks/' exact=True %}", False),
    ],
)
def test_active_marks_the_current_page(path: str, tag: str, marked: bool) -> None:
    html = render(tag, request=RequestFactory().get(path))
    assert html == ('aria-current="page"' if marked else "")


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [
        ("dark", 'data-theme="callsphere-dark"'),
        ("light", 'data-theme="callsphere"'),
        ("", ""),
        ('"><script>', ""),
    ],
)
def test_theme_comes_from_the_cookie(cookie: str, attribute: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert render("{% theme %}", request=request) == attribute


def test_theme_is_the_systems_where_there_is_no_request() -> None:
    assert render("{% theme %}") == ""
