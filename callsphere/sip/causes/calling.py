"""What becomes of a call: the number, the answer, media, the running call."""

from __future__ import annotations

from callsphere.sip.causes.entry import Cause

NUMBER = (
    Cause(
        "number_not_found",
        "fail",
        "you",
        "The carrier does not know the number",
        "The number called is not assigned, or not reachable through this trunk.",
        "Write the number with country code (for example +14155550123), and check at the carrier that it"
        " is assigned to this trunk.",
    ),
    Cause(
        "number_incomplete",
        "fail",
        "you",
        "The number is incomplete or written wrongly",
        "The carrier could not read the number that was called.",
        "Write the number in the format the carrier asks for, mostly with + and country code.",
    ),
    Cause(
        "busy",
        "warn",
        None,
        "The number called is busy",
        "The call reached its destination, which is busy. The trunk itself works.",
        "Try again later or call another number.",
    ),
    Cause(
        "declined",
        "fail",
        "carrier",
        "The call was declined",
        "The called side or the carrier's call filter turned the call down.",
        "Ask the carrier whether calls from this number are marked as spam or blocked for this destination.",
    ),
    Cause(
        "payment_required",
        "fail",
        "you",
        "The carrier wants money first",
        "The carrier refuses calls because of the account's balance or plan.",
        "Add credit or a payment method to your account at the carrier.",
    ),
    Cause(
        "call_not_answered",
        "fail",
        "carrier",
        "Nobody answered the call",
        "The call rang or was being connected, but nobody picked it up in time.",
        "Call a number that answers at once. If that one should have, ask the carrier where it sends the"
        " call.",
    ),
)

ANSWERS = (
    Cause(
        "carrier_overloaded",
        "fail",
        "carrier",
        "The carrier is overloaded or in maintenance",
        "The carrier is reachable but says that it cannot serve requests now (503).",
        "Look at the carrier's status page. With one gateway alone, add a second to the trunk so that calls "
        "can take another way.",
    ),
    Cause(
        "carrier_error",
        "fail",
        "carrier",
        "An error inside the carrier's network",
        "The carrier is reachable but reports an error of its own (5xx).",
        "Send the carrier the code and time shown in the detail; nothing is wrong on your side.",
    ),
    Cause(
        "redirected",
        "fail",
        "carrier",
        "The carrier sends us elsewhere",
        "The carrier answered with another address instead of taking the request. It is shown but not "
        "followed.",
        "If the address in the detail is your carrier's, enter it as the gateway; else ask the carrier.",
    ),
    Cause(
        "extension_required",
        "fail",
        "carrier",
        "The carrier demands an unusual feature",
        "The carrier insists on a SIP extension that is not in use here.",
        "Ask the carrier to switch off the extension named in the detail for this trunk.",
    ),
    Cause(
        "loop_detected",
        "fail",
        "carrier",
        "The call goes round in circles",
        "The request passed the same machines again and again until it was stopped.",
        "Check at the carrier that the number's route does not point back to itself; tell the carrier if"
        " it does not.",
    ),
    Cause(
        "unexpected_answer",
        "fail",
        "carrier",
        "An unexpected answer",
        "The carrier refused the request with an answer that fits no known cause.",
        "Send the carrier the code in the detail and the time of this check, and ask what it means there.",
    ),
)

MEDIA = (
    Cause(
        "media_rejected",
        "fail",
        "you",
        "The carrier does not accept the audio settings",
        "The carrier found none of the offered audio formats or encryption acceptable.",
        "Compare codecs and secure media (SRTP) on the carrier's trunk page with the trunk here: allow "
        "G.711 (PCMU, PCMA) and use the same encryption setting on both sides.",
    ),
    Cause(
        "sdp_no_common_codec",
        "fail",
        "carrier",
        "No audio format in common",
        "The carrier answered with an audio format that was not offered.",
        "Ask the carrier to allow G.711 (PCMU or PCMA) on this trunk.",
    ),
    Cause(
        "sdp_private_address",
        "warn",
        "carrier",
        "Audio is announced from a private address",
        "The carrier's answer names an address of its internal network for audio: calls may be silent.",
        "If callers hear nothing, ask the carrier to put its public address into the SDP (media or NAT "
        "handling).",
    ),
    Cause(
        "sdp_encryption_mismatch",
        "fail",
        "you",
        "Audio encryption differs between the two sides",
        "One side wants encrypted audio (SRTP), the other does not.",
        "Switch secure media on or off on the carrier's trunk page so that it is the same as on the "
        "trunk here.",
    ),
    Cause(
        "sdp_missing",
        "fail",
        "carrier",
        "The call was answered without audio settings",
        "The carrier accepted the call but did not say where audio should go.",
        "Send the carrier the trace of this check: its 200 answer to INVITE carries no SDP.",
    ),
)

CALL = (
    Cause(
        "ack_not_received",
        "fail",
        "carrier",
        "The carrier does not see our confirmation",
        "The carrier keeps repeating its answer, so our ACK does not arrive. Such calls end after about "
        "32 seconds.",
        "Send the carrier the trace of this check: its Contact or Record-Route header leads the ACK to a"
        " place that does not pass it on.",
    ),
    Cause(
        "contact_unusable",
        "fail",
        "carrier",
        "The carrier's return address is not usable",
        "The address for the rest of the call (Contact) is missing, broken or not reachable.",
        "Ask the carrier to put its public address into the Contact header (NAT or advertised address "
        "setting).",
    ),
    Cause(
        "route_broken",
        "fail",
        "carrier",
        "The carrier loses calls that it has connected",
        "A request inside the running call was refused by a machine on the way the carrier itself had named.",
        "Send the carrier the trace of this check: a proxy in its Record-Route does not know the call.",
    ),
    Cause(
        "call_dropped",
        "fail",
        "carrier",
        "The carrier ended the call",
        "The carrier hung up before the check was finished, after the seconds shown in the detail.",
        "Ask the carrier why it ended the call; give it the time and the Call-ID from the trace.",
    ),
    Cause(
        "session_timer_absent",
        "warn",
        "carrier",
        "Long calls are not watched",
        "The carrier uses no session timer, so a call that breaks silently is not noticed.",
        "Ask the carrier to switch on session timers (RFC 4028) for this trunk. Calls work without them.",
    ),
    Cause(
        "session_interval_loop",
        "fail",
        "carrier",
        "No session interval is good enough",
        "The carrier named a minimum interval and refused it when it was used.",
        "Send the carrier the trace of this check: it answers 422 to its own Min-SE.",
    ),
    Cause(
        "refresh_rejected",
        "fail",
        "carrier",
        "The carrier refuses to keep the call alive",
        "The regular refresh of a running call was refused, so long calls will be cut off.",
        "Ask the carrier to accept UPDATE or re-INVITE on this trunk, or to switch session timers off.",
    ),
    Cause(
        "hold_rejected",
        "fail",
        "carrier",
        "The carrier does not allow hold",
        "Putting the call on hold was refused; the call itself went on.",
        "Ask the carrier to allow re-INVITE with sendonly audio. Until then agents cannot put callers on"
        " hold.",
    ),
    Cause(
        "hold_not_honoured",
        "warn",
        "carrier",
        "The carrier does not really hold the call",
        "The carrier accepted hold but goes on sending audio as if nothing had changed.",
        "Ask the carrier to answer a=sendonly with a=recvonly. Callers may still be heard while on hold.",
    ),
    Cause(
        "hold_kills_call",
        "fail",
        "carrier",
        "Hold ends the call",
        "When the call was put on hold, the carrier dropped it.",
        "Send the carrier the trace of this check, and keep agents from using hold or transfer on this "
        "trunk till then.",
    ),
    Cause(
        "bye_rejected",
        "warn",
        "carrier",
        "The carrier does not confirm the hang-up",
        "The end of the call was not acknowledged, so the carrier may go on counting minutes.",
        "Compare the call's length on the carrier's bill with the trace, and send it to the carrier.",
    ),
)
