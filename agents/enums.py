"""Words with a fixed meaning in the agents app."""

from django.db.models import TextChoices


class Runtime(TextChoices):
    """What answers a call: where the agent runs."""

    OPENAI_REALTIME = "openai_realtime", "OpenAI Realtime over SIP"
    MEDIA_STREAM = "media_stream", "Media stream to your own runtime"
    SIP_URI = "sip_uri", "Your own agent at a SIP URI"


class RealtimeModel(TextChoices):
    """Models of OpenAI Realtime that take calls over SIP; those that are about to end are left out."""

    GPT_REALTIME_2_1 = "gpt-realtime-2.1", "gpt-realtime-2.1"
    GPT_REALTIME_2_1_MINI = "gpt-realtime-2.1-mini", "gpt-realtime-2.1-mini"
    GPT_REALTIME_2 = "gpt-realtime-2", "gpt-realtime-2"
    GPT_REALTIME_1_5 = "gpt-realtime-1.5", "gpt-realtime-1.5"


class Voice(TextChoices):
    """Voices of OpenAI Realtime."""

    ALLOY = "alloy", "Alloy"
    ASH = "ash", "Ash"
    BALLAD = "ballad", "Ballad"
    CEDAR = "cedar", "Cedar"
    CORAL = "coral", "Coral"
    ECHO = "echo", "Echo"
    MARIN = "marin", "Marin"
    SAGE = "sage", "Sage"
    SHIMMER = "shimmer", "Shimmer"
    VERSE = "verse", "Verse"


class TurnDetection(TextChoices):
    """How the agent notices that the caller has finished speaking."""

    SEMANTIC_VAD = "semantic_vad", "By what the caller says"
    SERVER_VAD = "server_vad", "By silence"


class Eagerness(TextChoices):
    """How soon the agent speaks where it judges by what the caller says."""

    AUTO = "auto", "Automatic"
    LOW = "low", "Patient"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "Quick"


class BuiltinTool(TextChoices):
    """Tools that need no endpoint of the tenant's."""

    TRANSFER_TO_HUMAN = "transfer_to_human", "Transfer to a human"
    SEND_SMS = "send_sms", "Send an SMS"
    TAKE_MESSAGE = "take_message", "Take a message"
    CHECK_BUSINESS_HOURS = "check_business_hours", "Check business hours"
    SCHEDULE_CALLBACK = "schedule_callback", "Schedule a callback"
    LAST_CALLS = "look_up_last_calls", "Look up the caller's last calls"
    ESCALATE = "escalate", "Escalate"
    HANG_UP = "hang_up", "Hang up"


class InvocationKind(TextChoices):
    """Why a tool was called."""

    CALL = "call", "In a call"
    TEST = "test", "As a test"


class Outcome(TextChoices):
    """What became of calling a tool; empty while it has not been called yet."""

    OK = "ok", "Answered"
    WRONG_ARGUMENTS = "wrong_arguments", "The arguments do not fit"
    UNREACHABLE = "unreachable", "The endpoint cannot be reached"
    TIMED_OUT = "timed_out", "The endpoint took too long"
    REFUSED = "refused", "The endpoint refused"
    TOO_LARGE = "too_large", "The answer is too long"
    NO_JSON = "no_json", "The answer is no JSON"
    UNUSABLE = "unusable", "The tool cannot be used"
    INTERRUPTED = "interrupted", "Interrupted, and not repeated"
    DECLINED = "declined", "It could not be done"


class RouteAction(TextChoices):
    """What becomes of a call that the agent does not take."""

    VOICEMAIL = "voicemail", "Voicemail"
    HUMAN = "human", "Call a person"
    AGENT = "agent", "Another agent"
    HANG_UP = "hang_up", "Say so, and hang up"
