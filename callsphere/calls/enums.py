"""Words with a fixed meaning in the calls app."""

from django.db.models import TextChoices


class EventKind(TextChoices):
    """Which address the provider told something to, or where else it was read."""

    INCOMING = "incoming", "A call comes in"
    FALLBACK = "fallback", "The answer to a call failed"
    STATUS = "status", "A call went on or ended"
    DIALLED = "dialled", "Whoever was called is through, or was never reached"
    RECORDED = "recorded", "The caller has left a message"
    RECORDING = "recording", "A recording is there"
    LOOKED_UP = "looked_up", "Read from the provider"


TOLD = tuple(kind for kind in EventKind if kind != EventKind.LOOKED_UP)
"""What the provider tells by itself, each at an address of its own."""


class Direction(TextChoices):
    """Who placed a call."""

    INBOUND = "inbound", "Inbound"
    OUTBOUND = "outbound", "Outbound"


class CallAction(TextChoices):
    """What the provider was told to do with a call."""

    REALTIME = "realtime", "Connect with OpenAI Realtime"
    SIP = "sip", "Connect with the agent's SIP address"
    STREAM = "stream", "Connect with the agent's media stream"
    PERSON = "person", "Call a person"
    VOICEMAIL = "voicemail", "Take a message"
    HANG_UP = "hang_up", "Say a sentence and hang up"


class CallState(TextChoices):
    """Where a call is."""

    RINGING = "ringing", "Ringing"
    IN_PROGRESS = "in_progress", "In progress"
    ENDED = "ended", "Ended"


class CallOutcome(TextChoices):
    """What became of a call; empty while it goes on."""

    AGENT = "agent", "Answered by an agent"
    PERSON = "person", "Answered by a person"
    VOICEMAIL = "voicemail", "Left a message"
    TURNED_AWAY = "turned_away", "Told that nobody is there"
    MACHINE = "machine", "A machine answered"
    MISSED = "missed", "Hung up before anybody was there"
    BUSY = "busy", "Busy"
    NO_ANSWER = "no_answer", "Nobody answered"
    FAILED = "failed", "Failed"


class LegKind(TextChoices):
    """Whom a leg of a call leads to."""

    AGENT = "agent", "Agent"
    PERSON = "person", "Person"


class LegState(TextChoices):
    """Where a leg of a call is."""

    CALLING = "calling", "Calling"
    RINGING = "ringing", "Ringing"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    BUSY = "busy", "Busy"
    NO_ANSWER = "no_answer", "Nobody answered"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


class HungUpBy(TextChoices):
    """Who ended a call; empty while it goes on, and where nothing says."""

    CALLER = "caller", "The caller"
    AGENT = "agent", "The agent"
    PERSON = "person", "The person called"
    US = "us", "CallSphere"


class EndReason(TextChoices):
    """Why we end a call; empty where we do not."""

    ASKED = "asked", "Somebody of yours hung it up"
    TOO_LONG = "too_long", "It reached its longest time"
    AGENT = "agent", "The agent was done"


class SessionState(TextChoices):
    """Where a session with OpenAI is."""

    AWAITED = "awaited", "Awaited"
    OFFERED = "offered", "Offered"
    ACCEPTED = "accepted", "Accepted"
    OVER = "over", "Over"
    REJECTED = "rejected", "Rejected"


class Speaker(TextChoices):
    """Who says a line of a conversation."""

    CALLER = "caller", "Caller"
    AGENT = "agent", "Agent"


class CallbackState(TextChoices):
    """Whether somebody has called back."""

    OPEN = "open", "Open"
    DONE = "done", "Done"


class TextState(TextChoices):
    """Where a text message is."""

    WAITING = "waiting", "Waits to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    UNDELIVERED = "undelivered", "Not delivered"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "May have been sent"
    RECEIVED = "received", "Received"


class TextWord(TextChoices):
    """What a text that came in asks of whoever sends texts; most ask nothing."""

    STOP = "stop", "Wants no more texts"
    START = "start", "Wants texts again"
    HELP = "help", "Asks who it is"


class SoundState(TextChoices):
    """Where the sound of a voice message is."""

    WAITING = "waiting", "Being fetched"
    THERE = "there", "There"
    FAILED = "failed", "Not available"
    FORGOTTEN = "forgotten", "Deleted"


class LeftKind(TextChoices):
    """What a caller can leave for people."""

    MESSAGE = "message", "Message"
    CALLBACK = "callback", "Callback"
    VOICE = "voice", "Voice message"
