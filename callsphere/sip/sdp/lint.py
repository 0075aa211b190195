"""What is wrong with the answer to an offer, in the words of callsphere.sip.causes."""

from __future__ import annotations

from dataclasses import dataclass

from callsphere.sip.sdp.addresses import is_private_address
from callsphere.sip.sdp.codecs import codecs_of, common_codecs
from callsphere.sip.sdp.description import MediaDescription, SessionDescription
from callsphere.sip.sdp.encryption import encryption_agrees, encryption_of
from callsphere.sip.sdp.errors import SdpError
from callsphere.sip.sdp.parsing import parse_sdp


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: a code of callsphere.sip.causes, and what was seen."""

    cause: str
    detail: str


def lint_answer(offer: SessionDescription, answer: bytes | None, signalling_address: str) -> list[Finding]:
    """What is wrong with an answer's body, failures first; an empty list when audio can flow.

    `signalling_address` is the numeric address that the peer's SIP messages come from.
    """
    if answer is None:
        return [Finding("sdp_missing", "The call was answered without a session description.")]
    try:
        described = parse_sdp(answer)
    except SdpError as error:
        return [Finding("sdp_missing", f"The session description is not readable. {error.reason}")]
    ours, theirs = offer.audio, described.audio
    if ours is None:
        return []
    if theirs is None:
        return [Finding("sdp_missing", "The session description has no audio stream.")]
    finding = _protection(offer, ours, described, theirs) or _formats(ours, theirs)
    if finding is not None:
        return [finding]
    return _address(described, theirs, signalling_address)


def _protection(
    offer: SessionDescription, ours: MediaDescription, answer: SessionDescription, theirs: MediaDescription
) -> Finding | None:
    offered, answered = encryption_of(offer, ours), encryption_of(answer, theirs)
    if theirs.is_rejected and offered in ("none", "optional"):
        # A rejected stream needs no keys; its profile alone says whether encryption was the point.
        refused = "SAVP" in theirs.protocol.upper()
    else:
        refused = theirs.is_rejected or not encryption_agrees(offered, answered)
    if not refused:
        return None
    port = " and port 0" if theirs.is_rejected else ""
    return Finding(
        "sdp_encryption_mismatch",
        f"{ours.protocol} ({offered}) was offered, the answer is {theirs.protocol} ({answered}){port}.",
    )


def _formats(ours: MediaDescription, theirs: MediaDescription) -> Finding | None:
    offered = ", ".join(codec.name for codec in codecs_of(ours))
    if theirs.is_rejected:
        # RFC 3264 §6: port 0 is how an answerer without a common format has to say so.
        return Finding("sdp_no_common_codec", f"The audio stream was refused (port 0). Offered: {offered}.")
    if common_codecs(ours, theirs):
        return None
    named = ", ".join(codec.name for codec in codecs_of(theirs, like=ours)) or " ".join(theirs.formats)
    return Finding("sdp_no_common_codec", f"Offered: {offered}. Answered: {named}.")


def _address(answer: SessionDescription, theirs: MediaDescription, signalling_address: str) -> list[Finding]:
    connection = answer.connection_of(theirs)
    if connection is None:
        return [Finding("sdp_missing", "The session description names no address for audio (no c= line).")]
    if is_private_address(connection.address) and not is_private_address(signalling_address):
        return [
            Finding(
                "sdp_private_address",
                f"Audio is to go to {connection.address}, signalling comes from {signalling_address}.",
            )
        ]
    return []
