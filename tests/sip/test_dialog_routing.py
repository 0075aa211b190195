"""Route sets and targets: who is first, loose and strict routers, odd but usable headers."""

from __future__ import annotations

import pytest

from callsphere.sip.dialog import (
    Dialog,
    RoutingError,
    contact_uri,
    is_loose,
    next_hop,
    request_line_and_routes,
    route_set_of,
)
from callsphere.sip.dialog.routing import MAX_ROUTES
from tests.sip.calling import answer, call, from_peer, invite, via

P1, P2, P3 = "<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>", "<sip:p3.example.com;lr>"


def test_the_caller_reverses_the_route_set() -> None:
    dialog = call(routes=(P3, P2, P1))
    request = dialog.request("BYE", via=via())
    assert request.uri == "sip:bob@198.51.100.7:5070"
    assert request.headers.get_all("Route") == [P1, P2, P3]
    assert str(dialog.next_hop) == "sip:p1.example.com;lr"


def test_the_called_side_keeps_the_order() -> None:
    request = invite(extra=(("Record-Route", f"{P3}, {P2}"), ("Record-Route", P1)))
    dialog = Dialog.from_request(request, local_tag="t", local_contact="<sip:a@192.0.2.9>")
    assert dialog.route_set == (P3, P2, P1)
    assert dialog.remote_target == "sip:alice@192.0.2.1:5060"


# One header line or several, folded or not, cannot matter (RFC 3261 §7.3.1).
@pytest.mark.parametrize("lines", [(f"{P3},{P2} ,\r\n  {P1}",), (P3, f"{P2}, {P1}"), (P3, P2, P1)])
def test_route_sets_on_any_number_of_lines(lines: tuple[str, ...]) -> None:
    response = answer(invite())
    for line in lines:
        response.headers.add("Record-Route", line.replace("\r\n", ""))
    assert route_set_of(response, reverse=True) == (P1, P2, P3)


def test_parameters_of_routes_come_back_untouched() -> None:
    odd = '"Edge, 1" <sip:10.0.0.1:5060;transport=tcp;r2=on;lr=on;ftag=aB.9;did=4f.e1>;x-note="a,b;c"'
    dialog = call(routes=(odd, P1))
    assert dialog.request("BYE", via=via()).headers.get_all("Route") == [P1, odd]


LOOSE = [
    ("<sip:p;lr>", True),
    ("<sip:p;lr=true>", True),
    ("<sip:p;LR>", True),
    ("<sip:p;lr=off>", True),  # RFC 3261 §16.12 knows only presence
    ("<sip:p>", False),
    ("<sip:p>;lr", False),  # the header's parameter is not the URI's
    ("<sip:lr@p>", False),
]


@pytest.mark.parametrize(("route", "loose"), LOOSE)
def test_loose_or_strict(route: str, loose: bool) -> None:
    assert is_loose(route) is loose


def test_a_record_route_without_brackets_is_read_as_its_sender_meant_it() -> None:
    dialog = call(routes=("sip:p1.example.com;lr",))
    assert dialog.request("BYE", via=via()).headers.get_all("Route") == ["<sip:p1.example.com;lr>"]
    assert dialog.request("BYE", via=via()).uri == "sip:bob@198.51.100.7:5070"


TARGET = "sip:callee@u2.domain.com"
# Route set → Request-URI, Route. The second is the shape of RFC 3261 §16.12.1.2 and the example of §12.2.1.1.
STRICT = [
    ((), TARGET, ()),
    ((P1, P2), TARGET, (P1, P2)),
    (("<sip:p1>", "<sip:p2>", "<sip:p3>"), "sip:p1", ("<sip:p2>", "<sip:p3>", f"<{TARGET}>")),
    (("<sip:p1>",), "sip:p1", (f"<{TARGET}>",)),
    (("<sip:p1>", P2), "sip:p1", (P2, f"<{TARGET}>")),
    ((P1, "<sip:p2>"), TARGET, (P1, "<sip:p2>")),  # a strict one further on is the proxy's business
    # What a Request-URI must not have is taken off (RFC 3261 §19.1.1, table 1).
    (
        ("<sip:p1:5070;transport=tcp;method=INVITE;maddr=192.0.2.3?Subject=x>",),
        "sip:p1:5070;transport=tcp;maddr=192.0.2.3",
        (f"<{TARGET}>",),
    ),
]


@pytest.mark.parametrize(("routes", "uri", "written"), STRICT)
def test_request_lines(routes: tuple[str, ...], uri: str, written: tuple[str, ...]) -> None:
    assert request_line_and_routes(TARGET, routes) == (uri, written)


@pytest.mark.parametrize(("routes", "hop"), [((), TARGET), ((P1, "<sip:p2>"), "sip:p1.example.com;lr")])
def test_the_next_hop(routes: tuple[str, ...], hop: str) -> None:
    assert str(next_hop(TARGET, routes)) == hop


def test_the_next_hop_of_a_strict_route_is_the_strict_router_itself() -> None:
    dialog = call(routes=(P2, "<sip:strict.example.com>"))
    request = dialog.request("BYE", via=via())
    assert (request.uri, request.headers.get_all("Route")) == (
        "sip:strict.example.com",
        [P2, "<sip:bob@198.51.100.7:5070>"],
    )
    assert str(dialog.next_hop) == "sip:strict.example.com"


CONTACTS = [
    ("sip:bob@198.51.100.7", "sip:bob@198.51.100.7"),
    ("<sip:bob@198.51.100.7;ob;line=abc>;expires=60", "sip:bob@198.51.100.7;ob;line=abc"),
    ("Bob <sips:bob@[2001:db8::9]:5061>", "sips:bob@[2001:db8::9]:5061"),
    ("<sip:198.51.100.7:5070;transport=tcp>, <sip:second@x>", "sip:198.51.100.7:5070;transport=tcp"),
    ("<sip:+14155550100;npdi@198.51.100.7;user=phone>", "sip:+14155550100;npdi@198.51.100.7;user=phone"),
    ("<sip:b@h;method=BYE;x=1?Subject=a>", "sip:b@h;x=1"),
    ("<SIP:b@h>", "SIP:b@h"),
    ("<sip:asterisk%40x@h>", "sip:asterisk%40x@h"),
]


@pytest.mark.parametrize(("contact", "uri"), CONTACTS)
def test_contacts(contact: str, uri: str) -> None:
    assert contact_uri(answer(invite(), contact=contact)) == uri


BAD_CONTACTS = ["*", "<sip:>", "<sip:b@h:99999>", "<>", "Bob", "<sip:b@h%zz>", "<sip:b@ho st>"]


@pytest.mark.parametrize("contact", BAD_CONTACTS)
def test_unusable_contacts_are_a_problem_of_the_dialog(contact: str) -> None:
    request = invite()
    with pytest.raises(RoutingError):
        contact_uri(answer(request, contact=contact))
    dialog = Dialog.from_response(request, answer(request, contact=contact))
    assert dialog.problem is not None
    assert dialog.problem.cause == "contact_unusable"
    # The call must be hung up all the same: that goes where the INVITE went.
    assert dialog.request("BYE", via=via()).uri == request.uri


@pytest.mark.parametrize("routes", [(), (P1,)])
def test_a_missing_contact_is_a_problem(routes: tuple[str, ...]) -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, contact=None, routes=routes))
    assert dialog.problem is not None
    assert "no Contact" in dialog.problem.detail
    assert dialog.request("BYE", via=via()).headers.get_all("Route") == list(routes)


def test_the_contact_of_a_ringing_answer_will_do_when_the_200_has_none() -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, 180))
    dialog.receive_response(answer(request, contact=None))
    assert dialog.problem is None
    assert dialog.remote_target == "sip:bob@198.51.100.7:5070"


def test_ringing_without_contact_is_no_problem_yet() -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, 180, contact=None))
    assert dialog.problem is None
    dialog.receive_response(answer(request))
    assert (dialog.problem, dialog.remote_target) == (None, "sip:bob@198.51.100.7:5070")


def test_a_contact_of_another_scheme_needs_a_route() -> None:
    request = invite()
    tel = "<tel:+14155550100>"
    assert Dialog.from_response(request, answer(request, contact=tel)).problem is not None
    routed = Dialog.from_response(request, answer(request, contact=tel, routes=(P1,)))
    assert routed.problem is None
    assert routed.request("BYE", via=via()).uri == "tel:+14155550100"


def test_a_private_contact_behind_a_proxy_is_fine() -> None:
    dialog = call(routes=(P1,))
    dialog.receive_request(from_peer(dialog, "INVITE"))
    dialog.accept_request(from_peer(dialog, "INVITE", contact="<sip:bob@10.0.0.5>"))
    assert (dialog.remote_target, str(dialog.next_hop)) == ("sip:bob@10.0.0.5", "sip:p1.example.com;lr")


@pytest.mark.parametrize("route", ["<sip:>", "<mailto:a@b>", "<sip:p;lr", "nonsense"])
def test_unreadable_routes_are_a_problem_and_the_call_can_be_hung_up(route: str) -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, routes=(route,)))
    assert dialog.problem is not None
    assert dialog.problem.cause == "contact_unusable"
    bye = dialog.request("BYE", via=via())
    assert bye.headers.get_all("Route") == []
    assert bye.uri == "sip:bob@198.51.100.7:5070"


def test_endless_route_sets_are_refused() -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, routes=(P1,) * (MAX_ROUTES + 1)))
    assert dialog.problem is not None


def test_the_200_replaces_the_routes_of_the_early_dialog() -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, 180, routes=(P2, P1)))
    dialog.receive_response(answer(request, 183))
    assert list(dialog.route_set) == [P1, P2]
    dialog.receive_response(answer(request, routes=(P3,)))
    assert list(dialog.route_set) == [P3]


def test_routes_stay_as_they_are_once_confirmed() -> None:
    dialog = call(routes=(P1,))
    request = dialog.request("INVITE", via=via())
    dialog.receive_response(answer(request, routes=(P2,), contact="<sip:new@203.0.113.9>"))
    assert dialog.route_set == (P1,)
    assert dialog.remote_target == "sip:new@203.0.113.9"
