"""Where requests inside a dialog go: remote target and route set (RFC 3261 §12.1, §12.2.1.1).

A route set is kept as the texts of its Route values, parameters and all, since proxies find their
own notes in them.
"""

from __future__ import annotations

import re
from dataclasses import replace

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import Address
from callsphere.sip.message import Message
from callsphere.sip.uri import SipUri, SipUriError

MAX_ROUTES = 32
"""Longest route set that is followed, in hops."""

RouteSet = tuple[str, ...]

_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f<>\"]+")


class RoutingError(ValueError):
    """A Contact or Record-Route that no request can follow; `detail` says which and why.

    In the dictionary of causes this is `contact_unusable`.
    """

    cause = "contact_unusable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def route_set_of(message: Message, *, reverse: bool) -> RouteSet:
    """The route set that a dialog takes from a message's Record-Route headers.

    `reverse` is for the client, who meets the proxies in the opposite order (RFC 3261 §12.1.2); the
    server keeps the order (§12.1.1). Raises RoutingError for more than MAX_ROUTES hops.
    """
    routes = [_bracketed(text) for text in message.headers.get_list("record-route")]
    if len(routes) > MAX_ROUTES:
        raise RoutingError(f"The Record-Route header names more than {MAX_ROUTES} proxies.")
    return tuple(reversed(routes) if reverse else routes)


def _bracketed(text: str) -> str:
    # Without brackets, which the grammar does not allow here, ";lr" can only be the URI's.
    return text if "<" in text else f"<{text}>"


def contact_uri(message: Message) -> str | None:
    """The URI of a message's Contact as it may stand in a Request-URI, None when there is no Contact.

    The first of several is taken. Raises RoutingError for one that no request can be sent to.
    """
    values = message.headers.get_list("contact")
    if not values:
        return None
    try:
        address = Address.parse(values[0])
    except SipParseError as error:
        raise RoutingError(f"The Contact header is not readable. {error.reason}") from error
    if address.uri == "*":
        raise RoutingError("The Contact header holds no address but an asterisk.")
    return request_uri(address.uri, "Contact")


def request_uri(text: str, header: str) -> str:
    """A URI without what a Request-URI must not have: headers part and `method` (RFC 3261 §19.1.1).

    Other schemes than sip and sips come back as they are. Raises RoutingError, naming `header`.
    """
    if text.partition(":")[0].lower() not in ("sip", "sips"):
        if not _ABSOLUTE_URI.fullmatch(text):
            raise RoutingError(f"The {header} header holds something that is no URI.")
        return text
    uri = _sip_uri(text, header)
    params = tuple(pair for pair in uri.params if pair[0].lower() != "method")
    if uri.headers or params != uri.params:
        return str(replace(uri, headers=(), params=params))
    return text


def route_uri(route: str) -> SipUri:
    """The URI inside one Route value; raise RoutingError when it is not readable."""
    try:
        address = Address.parse(route)
    except SipParseError as error:
        raise RoutingError(f"The Record-Route header is not readable. {error.reason}") from error
    return _sip_uri(address.uri, "Record-Route")


def is_loose(route: str) -> bool:
    """Whether the proxy behind a Route value routes loosely: `lr`, with whatever value (RFC 3261 §16.12)."""
    return route_uri(route).param("lr") is not None


def next_hop(target: str, route_set: RouteSet) -> SipUri:
    """The URI that says where a request goes: of the first route, else the target (RFC 3261 §8.1.2).

    It is the first route in strict routing too: there it has become the Request-URI. Raises
    RoutingError when no SIP URI stands there.
    """
    return route_uri(route_set[0]) if route_set else _sip_uri(target, "Contact")


def request_line_and_routes(target: str, route_set: RouteSet) -> tuple[str, RouteSet]:
    """Request-URI and Route values of a request (RFC 3261 §12.2.1.1); raise RoutingError.

    A strict router first in the set finds its own URI in the request line and the target last
    among the routes.
    """
    if not route_set or is_loose(route_set[0]):
        return target, route_set
    strict = request_uri(str(route_uri(route_set[0])), "Record-Route")
    return strict, (*route_set[1:], f"<{target}>")


class Path:
    """Remote target and route set of one dialog, and what is wrong with them.

    `target` starts as where the INVITE was addressed to, so that a call whose Contact is unusable
    can at least be hung up.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.routes: RouteSet = ()
        self.learned = False
        self._targeted = False
        self._route_problem: RoutingError | None = None
        self._target_problem: RoutingError | None = None

    @property
    def problem(self) -> RoutingError | None:
        """Why requests cannot go where the peer wants them; None when all is well."""
        return self._route_problem or self._target_problem

    @property
    def next_hop(self) -> SipUri:
        """Where the next request has to be sent; raise RoutingError."""
        return next_hop(self.target, self.routes)

    def request_line(self) -> tuple[str, RouteSet]:
        """Request-URI and Route values of the next request; raise RoutingError."""
        return request_line_and_routes(self.target, self.routes)

    def learn(self, message: Message, *, reverse: bool) -> None:
        """Take route set and target from the message that makes or confirms the dialog."""
        self.learned = True
        self._route_problem = None
        try:
            self.routes = route_set_of(message, reverse=reverse)
            if self.routes:
                next_hop(self.target, self.routes)
        except RoutingError as error:
            self.routes = ()
            self._route_problem = error
        self.refresh(message)

    def refresh(self, message: Message) -> None:
        """Take the target from a message's Contact; an unusable one leaves the old one (§12.2.1.2)."""
        try:
            target = contact_uri(message)
            if target is None:
                return
            next_hop(target, self.routes)
        except RoutingError as error:
            self._target_problem = error
            return
        self.target = target
        self._targeted = True
        self._target_problem = None

    def require_target(self) -> None:
        """The peer has answered for good: from now on it is a fault when no Contact ever came."""
        if not self._targeted and self._target_problem is None:
            self._target_problem = RoutingError(
                "The answer has no Contact header: nothing says where the call is."
            )


def _sip_uri(text: str, header: str) -> SipUri:
    try:
        return SipUri.parse(text)
    except SipUriError as error:
        raise RoutingError(f"The URI in the {header} header is not usable. {error}") from error
