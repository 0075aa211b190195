"""Template tags of the design system; docs/design-system.md shows each in use."""

import datetime
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from django import template
from django.forms import BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from callsphere.web import charts, fields, formats, icons
from callsphere.web.ladder import ladder_of

register = template.Library()

THEMES = {"light": "callsphere", "dark": "callsphere-dark"}
STEP_TONES = {
    "done": "ok",
    "pass": "ok",
    "warn": "warn",
    "fail": "fail",
    "current": "info",
    "running": "info",
    "todo": "idle",
    "skipped": "idle",
}
WHO = {
    "you": "On your side",
    "carrier": "On your carrier's side",
    "callsphere": "On our side",
    "operator": "With whoever runs this installation",
    "twilio": "On Twilio's side",
}
CALLOUT_ICONS = {"ok": "success", "warn": "warning", "fail": "error", "info": "info", "idle": "info"}

# Where an address may be broken over two lines: before a parameter, after a user or a path segment.
BREAKS = re.compile(r"(?=[;?])|(?<=[@/])(?![@/])")

register.filter("duration", formats.duration)
register.filter("latency", formats.latency)
register.filter("phone", formats.phone)
register.filter("phone_at_home", formats.phone_at_home)
register.filter("seconds", formats.seconds)
register.filter("talk_time", formats.talk_time)


@register.filter
def breaks(address: object) -> SafeString:
    """Let a long address break between its parts rather than inside a word."""
    return format_html_join(
        SafeString("<wbr>"), "{}", ((part,) for part in BREAKS.split(str(address)) if part)
    )


@register.filter
def side(who: str | None) -> str:
    """Say whose side something is on; nothing where nobody has to act."""
    return WHO[who] if who else ""


@register.simple_tag
def icon(name: str, class_: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite, hidden from screen readers unless it has a label. Raises ValueError."""
    icons.check(name)
    named = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" {} focusable="false"><use href="{}#{}"/></svg>',
        class_,
        named,
        static("build/icons.svg"),
        name,
    )


@register.simple_tag
def status(state: object, label: str = "", detail: str | SafeString = "", pill: bool = False) -> SafeString:
    """Say a state in words behind its mark. `label` replaces the word, `detail` follows it."""
    looks = formats.state(state)
    return format_html(
        '<span class="status tone-{}{}" data-state="{}">{}'
        '<span><span class="status-word">{}</span>{}</span></span>',
        looks.tone,
        " status-pill" if pill else "",
        getattr(state, "value", state),
        icon(looks.mark),
        label or looks.word,
        format_html('<span class="status-detail"> · {}</span>', detail) if detail else "",
    )


@register.simple_tag
def ago(moment: datetime.datetime | None, empty: str = "never") -> SafeString | str:
    """Write a moment relative to now, the exact one on hover. The browser keeps it fresh."""
    if moment is None:
        return empty
    return _time(moment, formats.ago(moment), "ago")


@register.simple_tag
def elapsed(since: datetime.datetime | None, empty: str = formats.NOTHING) -> SafeString | str:
    """Write how long something has lasted ("Down {% elapsed since %}" reads "Down 4 min")."""
    if since is None:
        return empty
    from_then = (datetime.datetime.now(datetime.UTC) - since).total_seconds()
    return _time(since, formats.duration(max(from_then, 0)), "elapsed")


def _time(moment: datetime.datetime, text: str, kind: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" data-relative="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        formats.exact(moment),
        kind,
        text,
    )


@register.simple_tag
def sparkline(
    values: Sequence[float | None], width: int = 120, height: int = 32, label: str = ""
) -> SafeString:
    """Draw a trend, old to new; None marks an answer that never came. The label says what is drawn."""
    return charts.sparkline(values, width=width, height=height, label=label or "Trend")


@register.inclusion_tag("components/chart.html")
def chart(
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    label: str,
    unit: str = "",
    kind: str = "lines",
    tones: Sequence[str] = (),
) -> dict[str, Any]:
    """Draw lines over time, the table behind them. A row is a moment, then one number or None per name.

    A row may begin with a date instead: days stand beside each other whatever clocks do in them.
    `kind="bars"` stacks what was counted day by day. `tones`, one for each name, says what a colour means.
    """
    by_days = not any(isinstance(row[0], datetime.datetime) for row in rows)
    return {
        "heads": [{"name": name, "tone": tone} for name, tone in zip_longest(names, tones)],
        "kind": kind,
        "label": label,
        "unit": unit,
        "by_days": by_days,
        "zone": timezone.get_current_timezone_name(),
        "rows": [charts.point(row[0]) | {"values": row[1:]} for row in rows],
    }


@register.simple_tag
def bar(share: float) -> SafeString:
    """Draw a share of the largest, from 0 to 1, beside the figure that says it."""
    return charts.bar(share)


@register.inclusion_tag("components/chart_assets.html")
def chart_assets() -> dict[str, Any]:
    """Load what charts need. Goes into the block `head` of a page that has one."""
    return {}


@register.simple_tag
def availability_strip(buckets: Sequence[Any], label: str = "Availability") -> SafeString:
    """Draw one bar per bucket (`state`, `label`), old to new."""
    return charts.availability_strip(buckets, label=label)


@register.inclusion_tag("components/ladder.html")
def ladder(entries: Sequence[Mapping[str, Any]], label: str = "SIP messages") -> dict[str, Any]:
    """Draw SIP messages between us and others. Entries are those of a trace, oldest first.

    Each has at_ms, direction (sent, received), summary, text, and peer where there are several.
    """
    return {"ladder": ladder_of(entries), "label": label}


@register.simple_tag(takes_context=True)
def active(context: Context, url: str, exact: bool = False) -> SafeString:
    """Mark a link whose address the current page is at or below: prints aria-current="page" or nothing."""
    request = context.get("request")
    path = request.path if request is not None else ""
    here = path == url if exact else path.startswith(url)
    return SafeString('aria-current="page"' if here else "")


@register.simple_tag(takes_context=True)
def theme(context: Context) -> SafeString:
    """Print data-theme for the theme kept in the cookie, or nothing when the system's choice holds."""
    request = context.get("request")
    chosen = THEMES.get(request.COOKIES.get("theme", "")) if request is not None else None
    return format_html('data-theme="{}"', chosen) if chosen else SafeString("")


@register.simple_tag
def field(bound: BoundField, **options: Any) -> str:
    """Render a form field: label, control, help and error, tied together. Options: see `fields.describe`."""
    return render_to_string("components/field.html", fields.describe(bound, **options))


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: Any, title: str = "") -> dict[str, Any]:
    """Sum up what must be corrected, each line a link to its field. Nothing for a form without errors."""
    return fields.summarise(form, title)


@register.inclusion_tag("components/copy.html")
def copy(value: object, label: str = "value", mono: bool = True, show: bool = True) -> dict[str, Any]:
    """Print a value with a small copy button. `label` names it for screen readers."""
    return {"value": str(value), "label": label, "mono": mono, "show": show}


@register.inclusion_tag("components/copy_field.html")
def copy_field(value: object, label: str = "", help: str = "") -> dict[str, Any]:
    """Print a value in a box of its own, made to be carried to another screen."""
    return {"value": str(value), "label": label, "help": help}


@register.inclusion_tag("components/secret.html")
def secret_once(value: str, title: str, text: str = "") -> dict[str, Any]:
    """Show a secret for the only time."""
    return {"value": value, "title": title, "text": text}


@register.inclusion_tag("components/pagination.html")
def pagination(previous: str | None = None, next: str | None = None, summary: str = "") -> dict[str, Any]:
    """Lead to the previous and next page. Prints nothing when there is only one and no summary."""
    return {"previous": previous, "next": next, "summary": summary}


@register.inclusion_tag("components/steps.html")
def steps(items: Sequence[dict[str, Any]], label: str = "") -> dict[str, Any]:
    """List steps, each with title, state (a key of STEP_TONES), detail, aside, url, action."""
    return {
        "items": [
            {**item, "tone": STEP_TONES[str(item["state"])], "state": str(item["state"])} for item in items
        ],
        "label": label,
    }


@register.inclusion_tag("components/stat.html")
def stat(label: str, value: object, hint: str = "", tone: str = "", url: str = "") -> dict[str, Any]:
    """Show one figure with what it counts."""
    return {"label": label, "value": value, "hint": hint, "tone": tone, "url": url}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Sequence[dict[str, Any]], label: str) -> dict[str, Any]:
    """Link the pages of one subject. Each item: label, url, active, optionally count."""
    return {"items": items, "label": label}


@register.simple_tag
def crumb(label: str, url: str = "") -> SafeString:
    """Print one step of the breadcrumbs; the last has no address."""
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, label)
    return format_html('<li><span aria-current="page">{}</span></li>', label)


@register.simple_block_tag
def callout(
    content: str,
    tone: str,
    title: str = "",
    cause: str = "",
    fix: str = "",
    who: str | None = "",
    live: bool = False,
) -> str:
    """Explain something: what happened, what to change, whose side it is on. Tones: ok warn fail info."""
    return render_to_string(
        "components/callout.html",
        {
            "tone": tone,
            "icon_name": CALLOUT_ICONS[tone],
            "title": title,
            "cause": cause,
            "fix": fix,
            "who": WHO[str(who)] if who else "",
            "live": live,
            "content": SafeString(content.strip()),
        },
    )


@register.simple_block_tag
def empty(content: str, icon: str, title: str, url: str = "", action: str = "", is_main: bool = True) -> str:
    """Stand in for a list with nothing in it: what belongs here, and the one next action.

    One that is not the main one leaves the eye to another action of the page.
    """
    context = {"icon_name": icon, "title": title, "url": url, "action": action, "content": content}
    return render_to_string("components/empty.html", {**context, "is_main": is_main})


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> str:
    """Hold a question in a <dialog>. A button with command="show-modal" commandfor="ID" opens it."""
    return render_to_string("components/dialog.html", {"id": id, "title": title, "content": content})


@register.simple_block_tag
def menu(content: str, label: str, icon: str = "", class_: str = "") -> str:
    """Drop a list of links and buttons from a button."""
    context = {"label": label, "icon_name": icon, "class": class_, "content": content}
    return render_to_string("components/menu.html", context)


@register.simple_block_tag
def code(content: str, label: str) -> str:
    """Show code to copy. What is between the tags is shown as it is, without the blank lines around it."""
    return render_to_string(
        "components/code.html", {"label": label, "content": SafeString(content.strip("\r\n"))}
    )


@register.inclusion_tag("components/conflict.html")
def conflict(
    rows: Sequence[dict[str, Any]],
    changed_by: str = "",
    changed_at: datetime.datetime | None = None,
    reload_url: str = "",
) -> dict[str, Any]:
    """Show both versions of something that two people changed at once. Each row: label, theirs, yours."""
    return {
        "rows": [{**row, "differs": row["theirs"] != row["yours"]} for row in rows],
        "changed_by": changed_by,
        "changed_at": changed_at,
        "reload_url": reload_url,
    }
