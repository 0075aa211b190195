"""The calls of the demo as they went: all outcomes, some of them with what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

_GREETING = "Thank you for calling Harbor Dental. How can I help you today?"


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call as it went, some time ago. `said` are lines in turns, the agent's first.

    `message` was taken down from `name`, `calls_back` says what to call back about, `text` was sent to them.
    """

    ago: timedelta
    caller: str
    outcome: str
    talked_s: int | None = None
    hung_up_by: str = "caller"
    said: Sequence[str] = ()
    code: int | None = None
    cause: str = ""
    person: bool = False
    outbound: bool = False
    busy_line: bool = False
    verstat: str = "TN-Validation-Passed-A"
    reason: str = ""
    name: str = ""
    message: str = ""
    is_urgent: bool = False
    is_done: bool = False
    calls_back: str = ""
    text: str = ""
    text_error: int = 0


PAST_CALLS = (
    PastCall(
        timedelta(minutes=24),
        "+12125550147",
        "agent",
        134,
        hung_up_by="agent",
        reason="agent",
        code=200,
        said=(
            _GREETING,
            "Hi, this is Maria Lopez. I'd like to book a check-up next week, please.",
            "Gladly, Maria. Dr. Lee does check-ups. Would Tuesday or Thursday suit you better?",
            "Thursday, if there is something in the morning.",
            "The practice will call you back to confirm Thursday morning. Is this number right?",
            "Yes, it is. Thank you.",
            "You are welcome, Maria. Goodbye.",
        ),
        calls_back="Confirm the check-up with Dr. Lee on Thursday morning.",
        text="Harbor Dental: 12 Harbor Street, second floor, beside the ferry landing. See you on Thursday!",
    ),
    PastCall(timedelta(hours=2), "+12125550163", "missed"),
    PastCall(
        timedelta(hours=3, minutes=10),
        "+13105550118",
        "agent",
        48,
        code=200,
        said=(_GREETING, "Are you open on Saturday?", "Yes, from 9 a.m. to 1 p.m.", "Great, thanks. Bye."),
        text="Harbor Dental is open on Saturday from 9 a.m. to 1 p.m.",
        text_error=30006,
    ),
    PastCall(timedelta(hours=5), "+16175550190", "voicemail", 21, code=503, cause="carrier_overloaded"),
    PastCall(
        timedelta(days=1),
        "+12125550147",
        "person",
        205,
        hung_up_by="person",
        code=200,
        person=True,
        said=(
            _GREETING,
            "I'd rather talk to a real person, please.",
            "Of course. I am putting you through to our staff. One moment, please.",
        ),
    ),
    PastCall(
        timedelta(days=1, hours=3),
        "+4930901820",
        "failed",
        hung_up_by="",
        code=503,
        cause="carrier_overloaded",
        busy_line=True,
        verstat="",
    ),
    PastCall(
        timedelta(days=2),
        "+14155550177",
        "agent",
        312,
        code=200,
        verstat="TN-Validation-Passed-C",
        said=(
            _GREETING,
            "My son has a toothache since last night. Should I give him something?",
            "I can't give medical advice. I can connect you with our staff.",
            "No, just tell them to call me, please.",
            "I will. What is your son's name, and when was he born?",
        ),
        name="Mrs. Green",
        message="Her son Tom has had a toothache since last night. Please call her as soon as you can.",
        is_urgent=True,
    ),
    PastCall(timedelta(days=2, hours=4), "+12125550188", "turned_away", 6, hung_up_by="us"),
    PastCall(timedelta(days=3), "+13105550118", "busy", hung_up_by="", code=486, cause="busy", outbound=True),
    PastCall(
        timedelta(days=3, hours=1),
        "+16175550190",
        "no_answer",
        hung_up_by="",
        code=480,
        cause="call_not_answered",
        outbound=True,
    ),
    PastCall(
        timedelta(days=3, hours=2), "+16465550133", "machine", 9, hung_up_by="us", code=200, outbound=True
    ),
    PastCall(
        timedelta(days=4),
        "+14155550142",
        "agent",
        1200,
        hung_up_by="us",
        reason="too_long",
        code=200,
        verstat="No-TN-Validation",
        said=(_GREETING, "Hello. I have a few questions about braces. Quite a few, in fact."),
    ),
    PastCall(
        timedelta(days=5),
        "+12125550101",
        "agent",
        71,
        code=200,
        said=(_GREETING, "Do you take my insurance?", "We take most dental plans. Which one do you have?"),
        name="Ben Ito",
        message="Asks whether his plan (Delta Premier) pays for a crown.",
        is_done=True,
    ),
    PastCall(timedelta(days=6), "", "missed", verstat="No-TN-Validation"),
)
