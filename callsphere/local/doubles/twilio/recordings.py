"""The API of recordings, and their sound."""

from __future__ import annotations

import re
from collections.abc import Mapping

from callsphere.local.doubles.twilio.messages import Answer, Request, Row, not_found
from callsphere.local.doubles.twilio.paging import page
from callsphere.local.doubles.twilio.resources import Deed, Rules, answer, shown
from callsphere.local.doubles.twilio.store import Store
from callsphere.local.doubles.twilio.voice.ledger import RECORDINGS
from callsphere.local.doubles.twilio.voice.recording import sound_of, url_of

OF_A_CALL = "api/Calls/{CallSid}/Recordings"
_SOUND = re.compile(r"/2010-04-01/Accounts/(?P<account>AC\w{32})/Recordings/(?P<sid>RE\w{32})(?:\.wav)?")


def answer_recordings(deed: Deed) -> Answer:
    """Do what was asked of an account's recordings."""
    if not deed.operation.rows:
        return answer(deed, _RULES)
    wanted = deed.request.query.get("CallSid", [""])[0]
    return _page(deed, {"call_sid": wanted} if wanted else {})


def answer_recordings_of_a_call(deed: Deed) -> Answer:
    """Answer the recordings of one call; starting one in a call under way is not played here."""
    if deed.operation.method != "GET":
        raise not_found(deed.request.path)
    return _page(deed, {"call_sid": deed.ids["CallSid"]})


def sound_asked_for(store: Store, account: Row, request: Request) -> Answer | None:
    """Return a recording's sound when that is what a request is for.

    Raises a Refusal for one that is not the account's or not there any more.
    """
    match = _SOUND.fullmatch(request.path)
    if match is None or request.host != "api.twilio.com" or request.method != "GET":
        return None
    mine = {
        account["sid"],
        *(row["sid"] for row in store.all("api/Accounts", owner_account_sid=account["sid"])),
    }
    row = store.find(RECORDINGS, account_sid=match["account"], sid=match["sid"])
    if row is None or match["account"] not in mine:
        raise not_found(request.path)
    return Answer(200, sound_of(row), {"Content-Type": "audio/x-wav"})


def _show(deed: Deed, row: Row) -> None:
    row["media_url"] = url_of(row)


_RULES = Rules(shown=_show)


def _page(deed: Deed, wanted: Mapping[str, str]) -> Answer:
    rows = list(deed.store.all(RECORDINGS, account_sid=deed.account["sid"], **wanted))
    return Answer(
        200, page(deed.operation, deed.request, [shown(deed, _RULES, row) for row in reversed(rows)])
    )
