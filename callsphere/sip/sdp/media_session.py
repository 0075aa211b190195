"""Offers and answers of one call, our side (RFC 3264)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callsphere.sip.sdp.codecs import PCMA, PCMU, TELEPHONE_EVENT, Codec, codec_attributes, codecs_of
from callsphere.sip.sdp.description import (
    Attributes,
    Connection,
    MediaDescription,
    Origin,
    SessionDescription,
)
from callsphere.sip.sdp.direction import answer_direction, direction_of
from callsphere.sip.sdp.encryption import encryption_of
from callsphere.sip.sdp.errors import OfferRefused, SdpError


@dataclass(frozen=True, slots=True)
class LocalAudio:
    """What we can do: where we listen, which formats, in order of preference.

    `session_id` is a number of the caller's choice, best a random one. `crypto` is an `a=crypto`
    value ("1 AES_CM_128_HMAC_SHA1_80 inline:..."), with which SRTP is offered and taken (RFC 4568).
    """

    address: str
    port: int
    session_id: int
    codecs: tuple[Codec, ...] = (PCMU, PCMA, TELEPHONE_EVENT)
    crypto: str | None = None

    def describe(self, media: tuple[MediaDescription, ...], version: int) -> SessionDescription:
        """A description of ours with these streams."""
        connection = Connection.to(self.address)
        origin = Origin(
            "-", str(self.session_id), str(version), "IN", connection.address_type, connection.address
        )
        return SessionDescription(origin, "-", connection, media)

    def stream(
        self, codecs: list[Codec], protocol: str, crypto: str | None, direction: str
    ) -> MediaDescription:
        """An audio stream of ours."""
        keys: Attributes = () if crypto is None else (("crypto", crypto),)
        return MediaDescription(
            "audio",
            self.port,
            protocol,
            tuple(str(codec.payload) for codec in codecs),
            attributes=(*codec_attributes(codecs), *keys, ("ptime", "20"), (direction, None)),
        )


def build_offer(local: LocalAudio, direction: str = "sendrecv", *, version: int = 1) -> SessionDescription:
    """The offer of a first INVITE: one audio stream (RFC 3264 §5)."""
    protocol = "RTP/AVP" if local.crypto is None else "RTP/SAVP"
    return local.describe((local.stream(list(local.codecs), protocol, local.crypto, direction),), version)


def build_answer(
    local: LocalAudio, offer: SessionDescription, wanted: str = "sendrecv", *, version: int = 1
) -> SessionDescription:
    """The answer to an offer (RFC 3264 §6): as many streams, in the same order, the first usable audio taken.

    Payload numbers are the offer's. Raises OfferRefused when streams are offered and none can be taken.
    """
    streams: list[MediaDescription] = []
    refusal: OfferRefused | None = None
    taken = False
    for media in offer.media:
        stream = replace(media, port=0, port_count=None, connection=None, attributes=(), other_lines=())
        if media.kind == "audio" and not media.is_rejected and not taken:
            try:
                stream = _accept(local, offer, media, wanted)
                taken = True
            except OfferRefused as error:
                refusal = refusal or error
        streams.append(stream)
    if not taken and any(not media.is_rejected for media in offer.media):
        raise refusal or OfferRefused("sdp_no_common_codec", "The offer has no audio stream.")
    return local.describe(tuple(streams), version)


def _accept(
    local: LocalAudio, offer: SessionDescription, media: MediaDescription, wanted: str
) -> MediaDescription:
    crypto = _matching_crypto(local, offer, media)
    known = {codec.key: codec for codec in local.codecs}
    codecs = [replace(codec, fmtp=known[codec.key].fmtp) for codec in codecs_of(media) if codec.key in known]
    if not any(codec.is_speech for codec in codecs):
        raise OfferRefused("sdp_no_common_codec", "The offer has none of our audio formats.")
    return local.stream(codecs, media.protocol, crypto, answer_direction(direction_of(offer, media), wanted))


def _matching_crypto(local: LocalAudio, offer: SessionDescription, media: MediaDescription) -> str | None:
    """Our key under the tag of the offered one with the same suite (RFC 4568 §5.1.2); None for plain RTP."""
    offered = encryption_of(offer, media)
    if local.crypto is None and offered in ("none", "optional") and "RTP/AVP" in media.protocol.upper():
        return None
    if local.crypto is not None and offered == "sdes":
        _, suite, key = local.crypto.split(maxsplit=2)
        for value in offer.attribute_values(media, "crypto"):
            parts = value.split()
            if len(parts) > 2 and parts[1] == suite:
                return f"{parts[0]} {suite} {key}"
    raise OfferRefused("sdp_encryption_mismatch", f"The offer's protection is {offered}, ours is not.")


class MediaSession:
    """The offer/answer state of one call (RFC 3264 §4, §8).

    `local` and `remote` are what both sides agreed on last. One offer can be open at a time, in one
    direction. The version in `o=` stays as it is while nothing changes, which makes a refresh by
    re-INVITE harmless, and grows by one with every change (RFC 3264 §8).
    """

    def __init__(self, local: LocalAudio) -> None:
        self.local: SessionDescription | None = None
        self.remote: SessionDescription | None = None
        self._audio = local
        self._version = 0
        self._open: SessionDescription | None = None
        self._withdrawn: SessionDescription | None = None

    @property
    def offer_pending(self) -> bool:
        """Whether an offer of ours waits for its answer: an offer of the peer's is then glare."""
        return self._open is not None

    def offer(self, direction: str | None = None) -> SessionDescription:
        """Make an offer with this direction; without one, the session as it stands (a refresh).

        Raises SdpError while another offer of ours is open.
        """
        if self._open is not None:
            raise SdpError("An offer is already waiting for its answer.")
        if self.local is None:
            wanted = build_offer(self._audio, direction or "sendrecv")
        else:
            wanted = self.local if direction is None else _redirected(self.local, direction)
        self._open = self._versioned(wanted)
        return self._open

    def receive_answer(self, answer: SessionDescription | None) -> None:
        """The answer to our offer came: what was offered is now agreed.

        None keeps what the peer described before, for a 2xx that leaves it out.
        """
        if self._open is None:
            raise SdpError("There is an answer but no offer.")
        self.local = self._open
        self.remote = answer or self.remote
        self._open = None

    def withdraw_offer(self) -> None:
        """Our offer was refused: the session stays as it was (RFC 3261 §14.1)."""
        if self._open is not None and self._open != self.local:
            self._withdrawn = self._open
        self._open = None

    def receive_offer(self, offer: SessionDescription, wanted: str = "sendrecv") -> SessionDescription:
        """Answer an offer of the peer's, and take both as agreed.

        Raises OfferRefused, after which the session is as before, and SdpError while an offer of ours
        is open.
        """
        if self._open is not None:
            raise SdpError("Both sides have made an offer.")
        answer = self._versioned(build_answer(self._audio, offer, wanted))
        self.local = answer
        self.remote = offer
        return answer

    def _versioned(self, wanted: SessionDescription) -> SessionDescription:
        """The description with its version: an old one where it says the same, else the next."""
        for known in (self.local, self._withdrawn):
            if known is not None and known.same_session(wanted):
                return known
        self._version += 1
        self._withdrawn = None  # its version is older than this one now, and must not come back
        return self._audio.describe(wanted.media, self._version)


def _redirected(description: SessionDescription, direction: str) -> SessionDescription:
    """The same streams with another direction for the audio that is in use."""
    audio = description.audio
    media = tuple(
        each.with_direction(direction) if each is audio and not each.is_rejected else each
        for each in description.media
    )
    return replace(description, media=media)
