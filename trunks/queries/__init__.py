"""Reading trunks, the state they are in, and what happened to them. Call these inside a context.

Every function takes a fixed number of queries, however many trunks and gateways there are.
"""

from trunks.queries.changes import changes_before, changes_of, place_of, read_place
from trunks.queries.gateways import gateways_of, latest_answers, troubled_gateways, watched, worst_gateways
from trunks.queries.pages import PAGE_SIZE, Page, page_of
from trunks.queries.said import (
    LATE_AFTER,
    answered_headline_of,
    gap_of,
    gateway_headline_of,
    headline_of,
    tally_of,
)
from trunks.queries.states import Progress, matching, progress_of, trunks_of, verdict_of, with_state

__all__ = [
    "LATE_AFTER",
    "PAGE_SIZE",
    "Page",
    "Progress",
    "answered_headline_of",
    "changes_before",
    "changes_of",
    "gap_of",
    "gateway_headline_of",
    "gateways_of",
    "headline_of",
    "latest_answers",
    "matching",
    "page_of",
    "place_of",
    "progress_of",
    "read_place",
    "tally_of",
    "troubled_gateways",
    "trunks_of",
    "verdict_of",
    "watched",
    "with_state",
    "worst_gateways",
]
