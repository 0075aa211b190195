"""How a carrier lets us in: authentication and registration."""

from __future__ import annotations

from callsphere.sip.causes.entry import Cause

AUTHENTICATION = (
    Cause(
        "credentials_missing",
        "fail",
        "you",
        "The carrier asks for a password",
        "The carrier wants a user name and password, and none are stored for this trunk.",
        "Copy the SIP user name and password from your carrier's trunk page into the trunk's "
        "credentials, or switch the trunk at the carrier to IP authentication.",
    ),
    Cause(
        "credentials_rejected",
        "fail",
        "you",
        "User name or password is wrong",
        "The carrier refused the stored user name and password.",
        "Enter the SIP user name and password again as the carrier's trunk page shows them; if they are "
        "the same, make a new password there and enter it here.",
    ),
    Cause(
        "realm_mismatch",
        "fail",
        "you",
        "The password is asked for by another realm",
        "The carrier asks in the name of a realm other than the one stored, so the password was not sent.",
        "Change the realm in the trunk's credentials to the one shown in the detail, or leave it empty, "
        "if you know that it belongs to your carrier.",
    ),
    Cause(
        "digest_unsupported",
        "fail",
        "carrier",
        "No way to log in in common",
        "The carrier offers only log-in methods that CallSphere does not use.",
        "Ask the carrier to offer digest authentication with SHA-256 or MD5 and qop auth.",
    ),
    Cause(
        "challenge_malformed",
        "fail",
        "carrier",
        "The carrier's log-in request is not readable",
        "The carrier asked for a password, but in a form that breaks the standard.",
        "Send the carrier the trace of this check: its WWW-Authenticate or Proxy-Authenticate header is "
        "broken.",
    ),
    Cause(
        "challenge_loop",
        "fail",
        "carrier",
        "The carrier keeps asking for the password",
        "Each answer is called outdated and a new one demanded, without end.",
        "Send the carrier the trace of this check: its servers do not agree on the nonces they hand out.",
    ),
    Cause(
        "ip_not_allowed",
        "fail",
        "you",
        "The carrier does not let our address in",
        "The carrier refused the request outright, without asking for a password.",
        "Add the addresses CallSphere sends from (shown on the trunk's page) to the trunk's allowlist at"
        " your carrier, and make sure that the trunk is active there.",
    ),
)

REGISTRATION = (
    Cause(
        "registration_rejected",
        "fail",
        "carrier",
        "The carrier refuses the registration",
        "The carrier does not accept that this trunk logs in by registration.",
        "Ask the carrier whether the trunk is set to registration and which user name and domain belong "
        "to it.",
    ),
    Cause(
        "registration_too_brief",
        "pass",
        "carrier",
        "The carrier wants longer registrations",
        "The carrier asked for a longer interval than ours; its own was used.",
        "Nothing to change. If the check fails with this cause, send the carrier its trace: it refuses "
        "its own minimum.",
    ),
    Cause(
        "registration_not_kept",
        "fail",
        "carrier",
        "The registration was accepted but not kept",
        "The carrier said yes, but its answer does not list this trunk as registered.",
        "Ask the carrier whether the number of registrations for this user is limited, and remove old "
        "devices there.",
    ),
)
