"""TwiML: asked for, and read."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.messages import Refusal, Row

NO_ANSWER, NOT_TWIML, NOT_AS_THE_SCHEMA = 11200, 12100, 12200
APPLICATION_ERROR = "We are sorry. An application error has occurred. Goodbye."
"""What callers hear when neither the address nor its fallback says what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address and the method that it is asked with; empty for none."""

    url: str = ""
    method: str = "POST"

    def near(self, url: str, method: str = "") -> Address:
        """Return another one that may be written relative to this."""
        return Address(urljoin(self.url, url) if url else self.url, method or "POST")


@dataclass(frozen=True, slots=True)
class Document:
    """The verbs of a document, and where it came from: addresses in it may be relative."""

    verbs: tuple[Element, ...]
    address: Address


class Unusable(Exception):
    """An address said nothing that can be done; `code` is Twilio's."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def read(text: str, address: Address) -> Document:
    """Read a document; an empty one has nothing to do. Raises Unusable."""
    if not text.strip():
        return Document((), address)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # what our own product answered to our own double
    except ElementTree.ParseError as error:
        raise Unusable(NOT_TWIML, f"Document parse failure: {error}") from None
    if root.tag != "Response":
        raise Unusable(NOT_TWIML, f"The document begins with {root.tag} instead of Response")
    return Document(tuple(root), address)


def ask(account: Row, address: Address, fields: dict[str, str]) -> Document:
    """Ask an address what to do. Raises Unusable."""
    try:
        reply = callbacks.send(account, address.method, address.url, fields)
    except (OSError, HTTPException, Refusal) as error:
        raise Unusable(NO_ANSWER, str(error)) from None
    if reply.status >= 400:
        raise Unusable(NO_ANSWER, f"{address.url} answered {reply.status}")
    return read(reply.text, address)


def ask_with_fallback(account: Row, address: Address, fallback: Address, fields: dict[str, str]) -> Document:
    """Ask an address, or the other one when the first is of no use. Raises Unusable."""
    try:
        return ask(account, address, fields)
    except Unusable as unusable:
        if not fallback.url or fallback == address:
            raise
        return ask(account, fallback, {**fields, "ErrorCode": str(unusable.code), "ErrorUrl": address.url})
