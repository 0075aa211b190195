"""Words with a fixed meaning in the trunks app."""

from django.db.models import IntegerChoices, TextChoices


class Direction(TextChoices):
    """Which way calls run on a trunk."""

    INBOUND = "inbound", "Inbound: the carrier calls us"
    OUTBOUND = "outbound", "Outbound: we call the carrier"
    BOTH = "both", "Both ways"


class Authentication(TextChoices):
    """How carrier and trunk recognise each other. A trunk may use several."""

    IP_ALLOWLIST = "ip_allowlist", "IP allowlist"
    DIGEST = "digest", "User name and password (digest)"
    REGISTRATION = "registration", "Registration"


class Transport(TextChoices):
    """What carries the SIP messages."""

    UDP = "udp", "UDP"
    TCP = "tcp", "TCP"
    TLS = "tls", "TLS"


class NumberFormat(TextChoices):
    """How the digits of a phone number are written in a SIP address."""

    E164_PLUS = "e164_plus", "International with +"
    E164 = "e164", "International without +"
    INTERNATIONAL = "international", "International prefix"
    NATIONAL = "national", "National"


class CredentialDirection(TextChoices):
    """Who has to prove who they are with a digest credential."""

    OUTBOUND = "outbound", "We answer the carrier's challenge"
    INBOUND = "inbound", "The carrier answers our challenge"


class ClearedBecause(TextChoices):
    """Why a stored password was forgotten. The labels go on after "because"."""

    GATEWAY_ADDED = "gateway_added", "a gateway was added at another host"
    GATEWAY_MOVED = "gateway_moved", "a gateway leads to another host, port or transport now"
    REALM = "realm_changed", "the realm was changed"
    DIRECTION = "direction_changed", "the direction was changed"
    TRUST = "trust_changed", "a gateway trusts another authority now"


class ExpiryStage(TextChoices):
    """How near a certificate's end is, once people are told of it."""

    MONTH = "30_days", "Ends within 30 days"
    WEEK = "7_days", "Ends within 7 days"
    ENDED = "expired", "Expired"


class HealthState(TextChoices):
    """What is known of a gateway."""

    UNKNOWN = "unknown", "Unknown"
    UP = "up", "Up"
    IMPAIRED = "impaired", "Impaired"
    DOWN = "down", "Down"
    PAUSED = "paused", "Paused"


class RegistrationState(TextChoices):
    """What is known of a registration. While `expires_at` lies ahead the carrier still has the binding."""

    REGISTERING = "registering", "Registering"
    REGISTERED = "registered", "Registered"
    REFRESHING = "refreshing", "Refreshing"
    REJECTED = "rejected", "Rejected"
    UNREACHABLE = "unreachable", "Unreachable"
    THROTTLED = "throttled", "Throttled"
    EXPIRED = "expired", "Expired"
    PAUSED = "paused", "Paused"


class RegistrationStep(TextChoices):
    """What an attempt was for."""

    REGISTER = "register", "Register"
    REFRESH = "refresh", "Refresh"
    REMOVE = "remove", "Remove"


class Severity(IntegerChoices):
    """How bad a state or a single answer is; the database compares these."""

    OK = 0, "Answers"
    IMPAIRED = 1, "Answers with a server error"
    FAILED = 2, "Does not answer"


class CheckState(TextChoices):
    """Where a readiness check stands."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Not finished"
    CANCELLED = "cancelled", "Stopped"


class Verdict(TextChoices):
    """What a finished check found: the worst of its steps."""

    PASS = "pass", "Passed"
    WARN = "warn", "Passed with warnings"
    FAIL = "fail", "Failed"


class PlacedCallState(TextChoices):
    """How far a call of a check has come."""

    PLACED = "placed", "Placed"
    RINGING = "ringing", "Ringing"
    ANSWERED = "answered", "Answered"
    ENDED = "ended", "Ended"


class SessionTimerMode(TextChoices):
    """Whether calls on a trunk have a session timer (RFC 4028)."""

    OFF = "off", "Off"
    SUPPORTED = "supported", "Supported"
    REQUIRED = "required", "Required"


class RefreshBy(TextChoices):
    """Who refreshes a session: a role in the call, or whom the far end names."""

    UAC = "uac", "The side that calls"
    UAS = "uas", "The side that is called"
    PEER = "peer", "The carrier chooses"


class RefreshMethod(TextChoices):
    """How our side refreshes a session."""

    AUTO = "auto", "UPDATE, else re-INVITE"
    UPDATE = "update", "UPDATE"
    INVITE = "invite", "re-INVITE"


class LiveCallState(TextChoices):
    """How far a call that is watched has come."""

    LIVE = "live", "Live"
    ENDING = "ending", "Being ended"
    ENDED = "ended", "Ended"
    LOST = "lost", "Could not be ended"


class EndReason(TextChoices):
    """Why a call is ended by us."""

    NOT_REFRESHED = "not_refreshed", "Its refresh is overdue"
    TOO_LONG = "too_long", "It outlived the longest call"


class NumberSource(TextChoices):
    """Where a phone number comes from."""

    BOUGHT = "bought", "Bought here"
    OWN = "own", "Your own, on a trunk"


class NumberState(TextChoices):
    """How far a phone number is. Failed and released ones are over, and take no room."""

    ORDERED = "ordered", "Being bought"
    UNVERIFIED = "unverified", "Not verified"
    ACTIVE = "active", "Active"
    RELEASING = "releasing", "Being released"
    FAILED = "failed", "Not bought"
    RELEASED = "released", "Released"


class NumberKind(TextChoices):
    """Kinds of numbers as they are sold."""

    LOCAL = "local", "Local"
    TOLL_FREE = "toll_free", "Toll-free"
    MOBILE = "mobile", "Mobile"
    NATIONAL = "national", "National"


class Verification(TextChoices):
    """How it became known that a number of a customer's own is theirs."""

    CALL = "call", "A verification call"
    SUPPORT = "support", "Decided by support"


class VerificationState(TextChoices):
    """How far a call is that asks for a code. Codes exist while somebody is being called."""

    WAITING = "waiting", "To be called"
    CALLING = "calling", "Being called"
    DONE = "done", "Verified"
    FAILED = "failed", "Not verified"


class PaperState(TextChoices):
    """How far something is that others must accept: an emergency address, a messaging campaign."""

    NONE = "none", "Not registered"
    PENDING = "pending", "Pending"
    REGISTERED = "registered", "Registered"
    FAILED = "failed", "Refused"


class Attestation(TextChoices):
    """The level at which calls from a number are expected to be signed (ATIS-1000074)."""

    FULL = "A", "A: we vouch for caller and number"
    PARTIAL = "B", "B: we vouch for the caller"
    GATEWAY = "C", "C: nobody vouches"


class NumberJobKind(TextChoices):
    """What is to be done to a number at the provider."""

    BUY = "buy", "Buy"
    RELEASE = "release", "Release"
    FORGET = "forget", "Withdraw the proof"


class JobState(TextChoices):
    """How far a piece of work at the provider is."""

    WAITING = "waiting", "Waiting"
    UNDOING = "undoing", "Being undone"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class AccountStatus(TextChoices):
    """What a tenant's account at the provider is, or should be."""

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class BusinessState(TextChoices):
    """How far the provider's approval is of the business behind an account."""

    UNKNOWN = "unknown", "Not read yet"
    NONE = "none", "None handed in"
    DRAFT = "draft", "Not handed in yet"
    PENDING = "pending", "In review"
    REJECTED = "rejected", "Rejected"
    APPROVED = "approved", "Approved"


class ProvisionKind(TextChoices):
    """What a trunk is at Twilio."""

    BYOC = "byoc", "SIP domain and BYOC trunk: calls run between your carrier and us"
    ELASTIC = "elastic", "Elastic SIP trunk: calls run between your numbers at Twilio and your gateways"


class ProvisionState(TextChoices):
    """How what Twilio has of a trunk compares with what is wanted."""

    NEW = "new", "Being looked at"
    PLANNED = "planned", "Plan to be looked at"
    APPLYING = "applying", "Being applied"
    IN_SYNC = "in_sync", "In sync"
    DRIFTED = "drifted", "Changed at Twilio"
    FAILED = "failed", "Failed"
    REMOVING = "removing", "Being removed"


class ProvisionTask(TextChoices):
    """What a worker does next about a trunk at Twilio."""

    LOOK = "look", "Look"
    APPLY = "apply", "Apply the plan"
    UNDO = "undo", "Undo a first set-up that failed"
    REMOVE = "remove", "Remove everything"


class TransferMode(TextChoices):
    """Which calls an Elastic SIP trunk lets your gateways transfer by REFER."""

    NONE = "disable-all", "None"
    ALL = "enable-all", "All"
    SIP = "sip-only", "To SIP addresses"


class DifferenceKind(TextChoices):
    """How Twilio differs from what is wanted, in one thing."""

    MISSING = "missing", "Not there"
    EXTRA = "extra", "Not wanted"
    DIFFERS = "differs", "Different"
