"""The dictionary of causes keeps its promises."""

from __future__ import annotations

import re

import pytest

from callsphere.sip.causes import CAUSES, Cause, cause

WARNINGS = {
    *("tls_expires_soon", "busy", "sdp_private_address", "session_timer_absent"),
    *("hold_not_honoured", "bye_rejected"),
}
YOURS = {
    *("uri_invalid", "address_refused", "dns_not_found", "tls_not_spoken", "credentials_missing"),
    *("credentials_rejected", "realm_mismatch", "ip_not_allowed", "number_not_found", "number_incomplete"),
    *("payment_required", "media_rejected", "sdp_encryption_mismatch", "tls_client_cert_rejected"),
}
CARRIERS = {
    *("dns_srv_broken", "connect_refused", "connect_timeout", "connection_closed", "tls_expired"),
    *("tls_not_yet_valid", "tls_name_mismatch", "tls_untrusted", "tls_version", "tls_client_cert_required"),
    *("tls_expires_soon", "no_answer", "malformed_answer", "digest_unsupported", "challenge_malformed"),
    *(
        "challenge_loop",
        "registration_rejected",
        "registration_too_brief",
        "registration_not_kept",
        "declined",
    ),
    *("carrier_overloaded", "carrier_error", "redirected", "extension_required", "loop_detected"),
    *("sdp_no_common_codec", "sdp_private_address", "sdp_missing", "call_not_answered", "ack_not_received"),
    *("contact_unusable", "route_broken", "call_dropped", "session_timer_absent", "session_interval_loop"),
    *("refresh_rejected", "hold_rejected", "hold_not_honoured", "hold_kills_call", "bye_rejected"),
    "unexpected_answer",
}


def test_no_cause_is_lost_or_renamed() -> None:
    assert set(CAUSES) == YOURS | CARRIERS | {"dns_timeout", "busy"}


def test_who_has_to_act() -> None:
    assert {code for code, entry in CAUSES.items() if entry.who == "you"} == YOURS
    assert {code for code, entry in CAUSES.items() if entry.who == "carrier"} == CARRIERS
    assert (CAUSES["dns_timeout"].who, CAUSES["busy"].who) == ("callsphere", None)


def test_what_each_cause_makes_of_a_step() -> None:
    assert {code for code, entry in CAUSES.items() if entry.result == "warn"} == WARNINGS
    assert {code for code, entry in CAUSES.items() if entry.result == "pass"} == {"registration_too_brief"}


@pytest.mark.parametrize("entry", CAUSES.values(), ids=list(CAUSES))
def test_every_cause_speaks_in_sentences(entry: Cause) -> None:
    assert re.fullmatch(r"[a-z_]+", entry.code)
    assert len(entry.title) <= 60
    assert not entry.title.endswith(".")
    for text in (entry.meaning, entry.fix):
        assert text.endswith(".")
        assert "  " not in text
        assert len(text) > 30


def test_titles_tell_causes_apart() -> None:
    assert len({entry.title for entry in CAUSES.values()}) == len(CAUSES)


def test_an_unknown_code_is_an_error() -> None:
    assert cause("no_answer") is CAUSES["no_answer"]
    with pytest.raises(KeyError):
        cause("gremlins")
