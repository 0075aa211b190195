"""All that one INVITE can bring: early dialogs, forks, repeated and late 200s."""

from __future__ import annotations

import pytest

from callsphere.sip.dialog import (
    Answered,
    AnsweredAgain,
    DialogSet,
    DialogState,
    Refused,
    Ringing,
    Unwanted,
)
from callsphere.sip.dialog.dialog_set import MAX_DIALOGS
from tests.sip.calling import answer, invite, via


@pytest.mark.parametrize(("status", "tag"), [(100, None), (100, "a"), (180, None), (183, None)])
def test_responses_that_make_no_dialog(status: int, tag: str | None) -> None:
    calls = DialogSet(invite())
    event = calls.receive(answer(calls.invite, status, tag=tag))
    assert isinstance(event, Ringing)
    assert event.dialog is None
    assert calls.dialogs == {}


def test_early_then_confirmed_in_the_same_dialog() -> None:
    calls = DialogSet(invite())
    trying = calls.receive(answer(calls.invite, 100, tag=None))
    ringing = calls.receive(answer(calls.invite, 180))
    progress = calls.receive(answer(calls.invite, 183))
    answered = calls.receive(answer(calls.invite, 200))
    assert isinstance(trying, Ringing)
    assert isinstance(ringing, Ringing)
    assert isinstance(progress, Ringing)
    assert isinstance(answered, Answered)
    assert ringing.dialog is progress.dialog is answered.dialog is calls.call
    assert answered.dialog.state is DialogState.CONFIRMED
    assert len(calls.dialogs) == 1


def test_a_200_from_another_fork_than_the_183() -> None:
    calls = DialogSet(invite())
    early = calls.receive(answer(calls.invite, 183, tag="a", body=b"v=0\r\ns=early\r\n"))
    answered = calls.receive(answer(calls.invite, 200, tag="b", contact="<sip:b@203.0.113.2>"))
    assert isinstance(early, Ringing)
    assert early.dialog is not None
    assert isinstance(answered, Answered)
    assert answered.dialog.remote_target == "sip:b@203.0.113.2"
    assert answered.sdp is None  # what another fork described is not this one's
    assert early.dialog.state is DialogState.EARLY


def test_a_183_describes_the_session_that_the_200_does_not() -> None:
    calls = DialogSet(invite())
    calls.receive(answer(calls.invite, 183, body=b"v=0\r\ns=early\r\n"))
    answered = calls.receive(answer(calls.invite, 200))
    assert isinstance(answered, Answered)
    assert answered.sdp == b"v=0\r\ns=early\r\n"


def test_the_200_has_the_last_word_about_the_session() -> None:
    calls = DialogSet(invite())
    calls.receive(answer(calls.invite, 183, body=b"v=0\r\ns=early\r\n"))
    answered = calls.receive(answer(calls.invite, 200, body=b"v=0\r\ns=late\r\n"))
    assert isinstance(answered, Answered)
    assert answered.sdp == b"v=0\r\ns=late\r\n"


def test_repeated_200s_ask_for_the_same_ack() -> None:
    calls = DialogSet(invite())
    ok = answer(calls.invite)
    first = calls.receive(ok)
    assert isinstance(first, Answered)
    early = calls.receive(ok)
    assert isinstance(early, AnsweredAgain)
    assert early.ack is None  # it crossed our first ACK, which is still to be made
    ack = first.dialog.ack(calls.invite, via=via())
    for _ in range(3):
        again = calls.receive(ok)
        assert isinstance(again, AnsweredAgain)
        assert again.ack is ack


def test_every_further_fork_that_answers_is_to_be_hung_up() -> None:
    calls = DialogSet(invite())
    calls.receive(answer(calls.invite, 180, tag="b"))
    first = calls.receive(answer(calls.invite, 200, tag="a"))
    second = calls.receive(answer(calls.invite, 200, tag="b", contact="<sip:b@203.0.113.2>"))
    third = calls.receive(answer(calls.invite, 200, tag="c", contact="<sip:c@203.0.113.3>"))
    assert isinstance(first, Answered)
    assert isinstance(second, Unwanted)
    assert isinstance(third, Unwanted)
    assert calls.call is first.dialog
    for event, target in ((second, "sip:b@203.0.113.2"), (third, "sip:c@203.0.113.3")):
        ack = event.dialog.ack(calls.invite, via=via())
        bye = event.dialog.request("BYE", via=via())
        assert (ack.uri, bye.uri) == (target, target)
        assert (str(ack.cseq), str(bye.cseq)) == ("10 ACK", "11 BYE")
    again = calls.receive(answer(calls.invite, 200, tag="b"))
    assert isinstance(again, AnsweredAgain)
    assert again.ack is not None


def test_a_late_200_after_giving_up_is_to_be_hung_up() -> None:
    calls = DialogSet(invite())
    calls.receive(answer(calls.invite, 180))
    calls.give_up()
    event = calls.receive(answer(calls.invite, 200))
    assert isinstance(event, Unwanted)
    assert calls.call is None
    assert event.dialog.state is DialogState.CONFIRMED


@pytest.mark.parametrize("status", [302, 401, 404, 486, 487, 503, 603])
def test_a_refusal_ends_early_dialogs(status: int) -> None:
    calls = DialogSet(invite())
    ringing = calls.receive(answer(calls.invite, 180))
    event = calls.receive(answer(calls.invite, status, tag="other"))
    assert isinstance(event, Refused)
    assert isinstance(ringing, Ringing)
    assert ringing.dialog is not None
    assert ringing.dialog.state is DialogState.TERMINATED
    assert calls.dialogs == {}


def test_the_next_attempt_and_answers_to_the_old_one() -> None:
    calls = DialogSet(invite())
    old = calls.invite
    calls.receive(answer(old, 180))
    new = invite()
    new.headers.set("CSeq", "11 INVITE")
    calls.resend(new)
    assert calls.receive(answer(old, 200)) is None
    event = calls.receive(answer(new, 200))
    assert isinstance(event, Answered)
    assert event.dialog.local_cseq == 11


def test_forks_without_end_are_not_followed_but_each_200_is() -> None:
    calls = DialogSet(invite())
    for number in range(MAX_DIALOGS + 5):
        calls.receive(answer(calls.invite, 180, tag=f"t{number}"))
    assert len(calls.dialogs) == MAX_DIALOGS
    assert isinstance(calls.receive(answer(calls.invite, 200, tag="last")), Answered)
