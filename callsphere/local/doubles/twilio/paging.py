"""Lists as the two generations of Twilio's API page them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from callsphere.local.doubles.twilio.messages import Request, Row
from callsphere.local.doubles.twilio.specification import Operation

_DEFAULT, _LARGEST = 50, 1000
_PAGING = {"PageSize", "Page", "PageToken"}


def page(operation: Operation, request: Request, rows: list[Row]) -> dict[str, Any]:
    """Return one page of the rows, with where the next one is."""
    size = min(int(request.query.get("PageSize", [str(_DEFAULT)])[0]), _LARGEST)
    number = int(request.query.get("Page", ["0"])[0])
    part = rows[number * size : (number + 1) * size]
    more = len(rows) > (number + 1) * size

    def address(wanted: int) -> str:
        kept = [(name, value) for name, values in request.query.items() for value in values]
        query = [pair for pair in kept if pair[0] not in _PAGING]
        return f"{request.path}?{urlencode([*query, ('PageSize', size), ('Page', wanted)])}"

    following = address(number + 1) if more else None
    earlier = address(number - 1) if number else None
    if request.path.startswith("/2010-04-01/"):
        return {
            operation.rows: part,
            "uri": address(number),
            "first_page_uri": address(0),
            "next_page_uri": following,
            "previous_page_uri": earlier,
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + max(len(part) - 1, 0),
        }
    base = f"https://{request.host}"
    return {
        operation.rows: part,
        "meta": {
            "key": operation.rows,
            "page": number,
            "page_size": size,
            "url": base + address(number),
            "first_page_url": base + address(0),
            "next_page_url": following and base + following,
            "previous_page_url": earlier and base + earlier,
        },
    }
