"""Words with a fixed meaning in the escalations app."""

from django.db.models import TextChoices


class RunState(TextChoices):
    """Where an escalation is."""

    RINGING = "ringing", "People are being called"
    ACCEPTED = "accepted", "Somebody has it"
    VOICEMAIL = "voicemail", "Nobody took it: the caller's message is wanted"
    UNANSWERED = "unanswered", "Nobody took it"
    CANCELED = "canceled", "Canceled"


OPEN_STATES = (RunState.RINGING, RunState.VOICEMAIL, RunState.UNANSWERED)
"""Nobody has it yet: whoever presses 1 takes it, even late."""


class AskState(TextChoices):
    """Where asking one person is."""

    PLANNED = "planned", "Not asked yet"
    ASKED = "asked", "Asked"
    RINGING = "ringing", "Their phone rings"
    ANSWERED = "answered", "They listen"
    DECLINED = "declined", "They passed"
    ACCEPTED = "accepted", "They have it"
    NO_ANSWER = "no_answer", "They did not answer"
    FAILED = "failed", "They could not be called"
    WITHDRAWN = "withdrawn", "Not needed any more"


LIVE_ASKS = (AskState.ASKED, AskState.RINGING, AskState.ANSWERED)
"""Their call waits, rings, or is listened to."""


class StepKind(TextChoices):
    """What happened in an escalation."""

    STARTED = "started", "Started"
    TIER = "tier", "A tier is asked"
    ASKED = "asked", "Somebody is asked"
    TEXTED = "texted", "A text is sent"
    NOT_TEXTED = "not_texted", "No text can be sent"
    ANSWERED = "answered", "Somebody listens"
    ACCEPTED = "accepted", "Somebody took it"
    DECLINED = "declined", "Somebody passed"
    NO_ANSWER = "no_answer", "Somebody did not answer"
    FAILED = "failed", "A call could not be placed"
    LATE = "late", "Somebody wanted to take what another had"
    WITHDRAWN = "withdrawn", "A call was not needed any more"
    TOLD = "told", "Somebody was told how it ended"
    VOICEMAIL = "voicemail", "The caller's message is wanted"
    UNANSWERED = "unanswered", "Nobody took it"
    CANCELED = "canceled", "Canceled"
