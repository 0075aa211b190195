"""Small charts drawn on the server as SVG: attributes only, because our pages allow no inline style."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from callsphere.web import formats

BAR_WIDTH = 6
BAR_GAP = 2
# Bars that report trouble hang below the others: colour is not the only sign.
STRIP_HEIGHTS = {"ok": (2, 26), "warn": (2, 30), "fail": (2, 34), "idle": (12, 6), "info": (2, 26)}
STRIP_HEIGHT = 36


def sparkline(values: Sequence[float | None], *, width: int, height: int, label: str) -> SafeString:
    """Draw values from old to new as a line over zero; None, an answer that never came, is a red tick."""
    points = _points(values, width, height)
    runs = _runs(points)
    parts = [_area(run, height) + _line(run) for run in runs]
    misses = [x for x, y in points if y is None]
    ticks = format_html_join(
        "",
        '<line class="sparkline-miss" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>',
        ((f"{x:.1f}", height - 6, height - 1) for x in misses),
    )
    return format_html(
        '<svg class="sparkline" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">'
        "{3}{4}{5}</svg>",
        width,
        height,
        label,
        SafeString("".join(parts)),
        ticks,
        _last(points),
    )


def _last(points: Sequence[tuple[float, float | None]]) -> SafeString:
    """Mark the newest value, if it is one."""
    if not points or points[-1][1] is None:
        return SafeString("")
    x, y = points[-1]
    return format_html('<circle class="sparkline-last" cx="{}" cy="{}" r="2.25"/>', f"{x:.1f}", f"{y:.1f}")


def _points(values: Sequence[float | None], width: int, height: int) -> list[tuple[float, float | None]]:
    top = max((value for value in values if value is not None), default=0) or 1
    step = (width - 6) / max(len(values) - 1, 1)
    room = height - 8
    return [
        (3 + index * step, None if value is None else 4 + room * (1 - value / top))
        for index, value in enumerate(values)
    ]


def _runs(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """Split the points where a value is missing."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    return [run for run in runs if run]


def _line(run: Sequence[tuple[float, float]]) -> SafeString:
    coordinates = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
    if len(run) == 1:
        x, y = run[0]
        coordinates = f"{x - 1:.1f},{y:.1f} {x + 1:.1f},{y:.1f}"
    return format_html('<polyline class="sparkline-line" points="{}"/>', coordinates)


def _area(run: Sequence[tuple[float, float]], height: int) -> SafeString:
    if len(run) == 1:
        return SafeString("")
    coordinates = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
    floor = height - 1
    return format_html(
        '<polygon class="sparkline-area" points="{},{} {} {},{}"/>',
        f"{run[0][0]:.1f}",
        floor,
        coordinates,
        f"{run[-1][0]:.1f}",
        floor,
    )


def point(at: datetime.date) -> dict[str, Any]:
    """Return where a row of a chart stands, in seconds since 1970, and how its table writes it.

    A date stands at UTC's midnight: the picture knows that those are days, not moments.
    """
    if isinstance(at, datetime.datetime):
        return {"seconds": int(at.timestamp()), "time": formats.exact(at)}
    midnight = datetime.datetime.combine(at, datetime.time(), datetime.UTC)
    return {"seconds": int(midnight.timestamp()), "time": f"{at.day} {at:%b %Y}"}


def bar(share: float) -> SafeString:
    """Draw a horizontal bar for a share from 0 to 1; the number stands beside it."""
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" height="8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="8" rx="1"/></svg>',
        f"{100 * share:.1f}",
    )


def availability_strip(buckets: Sequence[Any], *, label: str) -> SafeString:
    """Draw one bar per stretch of time, old to new. A bucket has `state` and `label` (attributes or keys)."""
    width = max(len(buckets) * (BAR_WIDTH + BAR_GAP) - BAR_GAP, 1)
    bars = format_html_join("", "{}", ((_bar(index, bucket),) for index, bucket in enumerate(buckets)))
    return format_html(
        '<svg class="strip" viewBox="0 0 {0} {1}" height="{1}" preserveAspectRatio="none" role="img" '
        'aria-label="{2}">{3}</svg>',
        width,
        STRIP_HEIGHT,
        label,
        bars,
    )


def _bar(index: int, bucket: Any) -> SafeString:
    looks = formats.state(_read(bucket, "state"))
    top, height = STRIP_HEIGHTS[looks.tone]
    return format_html(
        '<g class="tone-{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="1"/></g>',
        looks.tone,
        _read(bucket, "label"),
        index * (BAR_WIDTH + BAR_GAP),
        top,
        BAR_WIDTH,
        height,
    )


def _read(item: Any, name: str) -> Any:
    return item[name] if isinstance(item, Mapping) else getattr(item, name)
