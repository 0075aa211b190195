"""Components: what they print, and that no page can break the content security policy."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from callsphere.web import fields, gallery
from tenants.card_fields import CardChoiceField

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
# Inline style, inline script and event attributes are refused by the browser under our policy.
FORBIDDEN = re.compile(
    r"\sstyle=|<style|\son[a-z]+=|\shx-on|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE
)


class TrunkForm(forms.Form):
    name = forms.CharField(help_text="Shown everywhere.")
    direction = CardChoiceField(
        choices=[("in", "Inbound"), ("out", "Outbound")], cards={"in": "Callers reach your agents."}
    )
    methods = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, choices=[("ip", "IP"), ("digest", "Digest")]
    )
    notes = forms.CharField(widget=forms.Textarea, required=False)
    secret = forms.CharField(widget=forms.PasswordInput, required=False)
    enabled = forms.BooleanField(required=False, help_text="Off pauses it.")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        raise forms.ValidationError("Two trunks may not share a name.")


def render(source: str, **context: object) -> str:
    return Template("{% load callsphere %}" + source).render(Context(context))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_template_obeys_the_content_security_policy(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text()) == []


def test_field_ties_help_and_error_to_the_control() -> None:
    html = render("{% field form.name %}", form=TrunkForm({}))
    assert '<label class="field-label" for="id_name">' in html
    assert 'aria-describedby="id_name-help id_name-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name-help">Shown everywhere.' in html
    assert '<div id="id_name-error">' in html


def test_field_without_help_and_error_describes_nothing() -> None:
    assert "aria-describedby" not in render("{% field form.notes %}", form=TrunkForm())


def test_field_passes_attributes_on() -> None:
    html = render(
        "{% field form.name inputmode='numeric' data_test='x' help='' label='Title' %}", form=TrunkForm()
    )
    assert 'inputmode="numeric"' in html
    assert 'data-test="x"' in html
    assert ">Title</label>" in html
    assert "Shown everywhere." not in html


def test_field_marks_what_may_stay_empty() -> None:
    assert ">optional<" in render("{% field form.notes %}", form=TrunkForm())
    assert ">optional<" not in render("{% field form.name %}", form=TrunkForm())
    assert ">optional<" not in render("{% field form.notes optional=False %}", form=TrunkForm())


@pytest.mark.parametrize(
    ("name", "kind", "css"),
    [
        ("name", "input", 'class="input"'),
        ("notes", "textarea", 'class="textarea"'),
        ("secret", "password", 'class="input"'),
        ("enabled", "check", 'class="checkbox checkbox-primary"'),
        ("direction", "choices", 'class="radio radio-primary"'),
        ("methods", "choices", 'class="checkbox checkbox-primary"'),
    ],
)
def test_field_knows_its_control(name: str, kind: str, css: str) -> None:
    bound = TrunkForm()[name]
    assert fields.describe(bound)["kind"] == kind
    assert css in render("{% field bound %}", bound=bound)


def test_choices_are_a_named_group_with_a_text_each() -> None:
    html = render("{% field form.direction cards=True %}", form=TrunkForm())
    assert '<legend class="field-label">Direction' in html
    assert html.count('class="choice-card"') == 2
    assert "Callers reach your agents." in html


def test_hidden_field_is_printed_alone() -> None:
    assert render("{% field form.version %}", form=TrunkForm()).startswith('<input type="hidden"')


def test_form_errors_link_to_their_fields() -> None:
    html = render("{% form_errors form %}", form=TrunkForm({"version": "x"}))
    assert "Please correct these 5 things:" in html
    assert "<li>Two trunks may not share a name.</li>" in html
    assert '<a href="#id_name">Name: This field is required.</a>' in html
    assert "<li>Enter a whole number.</li>" in html


def test_form_errors_of_a_form_without_errors_print_nothing() -> None:
    assert render("{% form_errors form %}", form=TrunkForm()).strip() == ""


def test_copy_escapes_its_value() -> None:
    html = render("{% copy value label='the id' %}", value='"><script>')
    assert "<script>" not in html
    assert 'aria-label="Copy the id"' in html


def test_callout_names_cause_fix_and_side() -> None:
    html = render(
        "{% callout 'fail' title=title cause='Silence.' fix='Ask them.' who='carrier' %}{% endcallout %}",
        title="<Old> office",
    )
    assert "&lt;Old&gt; office" in html
    assert "<dt>What happened</dt><dd>Silence.</dd>" in html
    assert "<dt>What to change</dt><dd>Ask them.</dd>" in html
    assert "<dd>On your carrier&#x27;s side</dd>" in html


def test_callout_escapes_variables_in_its_body_and_keeps_its_markup() -> None:
    html = render("{% callout 'info' %}<b>{{ text }}</b>{% endcallout %}", text="<i>")
    assert "<b>&lt;i&gt;</b>" in html


def test_dialog_is_named_by_its_title() -> None:
    html = render("{% dialog id='delete' title='Delete it?' %}<p>Gone.</p>{% enddialog %}")
    assert '<dialog class="dialog" id="delete" aria-labelledby="delete-title"' in html
    assert '<h2 id="delete-title">Delete it?</h2>' in html
    assert "<p>Gone.</p>" in html


@pytest.mark.parametrize(
    ("arguments", "links"),
    [("previous='?a' next='?b'", 2), ("next='?b'", 1), ("summary='3 trunks'", 0)],
)
def test_pagination_links_only_where_there_are_pages(arguments: str, links: int) -> None:
    assert render(f"{{% pagination {arguments} %}}").count("<a ") == links


def test_pagination_of_a_single_page_prints_nothing() -> None:
    assert render("{% pagination %}").strip() == ""


def test_steps_say_their_state_to_screen_readers() -> None:
    items = [
        {"title": "Name resolves", "state": "pass"},
        {"title": "Certificate", "state": "fail"},
        {"title": "Call", "state": "skipped"},
        {"title": "Connect", "state": "current"},
    ]
    html = render("{% steps items label='Check' %}", items=items)
    assert 'aria-label="Done"' in html
    assert 'aria-label="Failed"' in html
    assert "Skipped</span>" in html
    assert html.count('aria-current="step"') == 1


def test_conflict_marks_what_differs() -> None:
    rows = [
        {"label": "Name", "theirs": "Main", "yours": "Main"},
        {"label": "Interval", "theirs": "60", "yours": "15"},
    ]
    html = render("{% conflict rows changed_by='Mara' %}", rows=rows)
    assert html.count("conflict-differs") == 1
    assert "Mara changed this" in html


def test_code_is_shown_as_written() -> None:
    html = render("{% code label='Call' %}\ncurl \\\n  {{ url }}\n{% endcode %}", url="https://a/?b&c")
    assert "<code>curl \\\n  https://a/?b&amp;c</code>" in html


def test_gallery_shows_every_component() -> None:
    request = RequestFactory().get("/_components/")
    html = render_to_string("web/components.html", gallery.context(), request=request)
    used = {path.stem for path in (settings.BASE_DIR / "templates" / "components").glob("*.html")}
    source = (settings.BASE_DIR / "templates" / "web" / "components.html").read_text()
    banners = {"sandbox_banner", "support_banner"}
    shell = banners | {"brand", "footer", "messages", "tenant_switcher", "theme_switch", "user_menu"}
    names = {"secret": "secret_once"}
    missing = {name for name in used - shell if f"{{% {names.get(name, name)} " not in source}
    assert missing == set()
    assert "Northside Dental" in html


def test_server_error_page_needs_no_request() -> None:
    assert "Something broke on our side" in render_to_string("500.html")
