"""The dictionary of Twilio's errors keeps its promises."""

import re
from collections import Counter

import pytest

from callsphere.providers.twilio.problems import PROBLEMS, Problem, problem_of

# Codes that callers decide by, and what they become.
DECIDED_BY = {
    20003: "credentials_rejected",
    20005: "account_inactive",
    20404: "not_there",
    20409: "already_there",
    20429: "too_many_requests",
    10004: "call_concurrency",
    21422: "number_gone",
    21452: "area_has_none",
    21404: "trial_account",
    21631: "address_required",
    21615: "address_required",
    21649: "bundle_required",
    21248: "domain_taken",
    21235: "address_not_listed",
    21236: "list_in_use",
    21249: "sip_limit",
    11200: "webhook_failed",
    13227: "country_not_allowed",
    32011: "endpoint_silent",
    32014: "no_audio",
    32022: "ack_missing",
    32201: "source_not_allowed",
    32202: "sip_credentials_rejected",
    32207: "encryption_mismatch",
    32218: "transfer_not_allowed",
    32400: "byoc_failed",
    21220: "call_over",
    31920: "stream_failed",
}
RETRYABLE = {
    *("too_many_requests", "twilio_down", "twilio_unreachable", "list_in_use"),
    *("calls_per_second", "carrier_timeout"),
}


@pytest.mark.parametrize(("code", "name"), DECIDED_BY.items())
def test_code_becomes_a_problem(code: int, name: str) -> None:
    assert problem_of(code).name == name


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (401, "credentials_rejected"),
        (404, "not_there"),
        (409, "already_there"),
        (429, "too_many_requests"),
        (400, "request_refused"),
        (500, "twilio_down"),
        (504, "twilio_down"),
    ],
)
def test_unknown_code_goes_by_its_status(status: int, name: str) -> None:
    assert problem_of(99999, status).name == name


def test_no_code_means_two_things() -> None:
    counted = Counter(code for entry in PROBLEMS.values() for code in entry.codes)

    assert [code for code, count in counted.items() if count > 1] == []


def test_what_may_be_tried_again() -> None:
    assert {name for name, entry in PROBLEMS.items() if entry.retryable} == RETRYABLE


@pytest.mark.parametrize("entry", PROBLEMS.values(), ids=list(PROBLEMS))
def test_every_problem_speaks_in_sentences(entry: Problem) -> None:
    assert re.fullmatch(r"[a-z_]+", entry.name)
    assert len(entry.title) <= 60
    assert not entry.title.endswith(".")
    assert not entry.where.endswith(".")
    for text in (entry.meaning, entry.fix):
        assert text.endswith(".")
