"""Reading authentication headers: schemes with parameters (RFC 7235 §2.1, RFC 3261 §25.1).

Commas and escapes inside quotes are text, names match in any case, values may be quoted or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from callsphere.sip.headers import TOKEN

_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_PARAM = re.compile(
    rf"({TOKEN.pattern})[ \t]*=[ \t]*({_QUOTED}|[^\s,\"]*)[ \t]*(?=,|\Z)",
    re.DOTALL,
)
_WORD = re.compile(rf"({TOKEN.pattern})[ \t]*(?=,|\Z)")
_SCHEME = re.compile(rf"({TOKEN.pattern})[ \t]+")
_SEPARATORS = re.compile(r"[ \t,]*")
_TO_COMMA = re.compile(rf"(?:{_QUOTED}|[^,\"])*", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_QOP_WORDS = frozenset({"auth", "auth-int", "auth-conf"})


@dataclass(slots=True)
class Scheme:
    """One scheme with its parameters: lower-case name to value as written, quotes included.

    `broken` says what could not be read, None when everything could.
    """

    name: str
    params: dict[str, str] = field(default_factory=dict)
    broken: str | None = None


def read_schemes(text: str) -> list[Scheme]:
    """Read one header value, which may hold several challenges; never raises."""
    schemes: list[Scheme] = []
    place = _skip(text, 0)
    while place < len(text):
        place = _skip(text, _read_one(text, place, schemes))
    return schemes


def read_params(text: str) -> dict[str, str]:
    """Read parameters without a scheme, as in Authentication-Info, up to the first unreadable one."""
    scheme = Scheme("")
    place = _skip(text, 0)
    while (match := _PARAM.match(text, place)) is not None:
        _add(scheme, match[1], match[2])
        place = _skip(text, match.end())
    return scheme.params


def plain(value: str) -> str:
    r"""A value without its quotes and escapes.

    Only \" and \\ count as escapes: peers that know of none send realms such as "CORP\users", and the
    others have no reason to escape anything else.
    """
    if len(value) < 2 or not (value.startswith('"') and value.endswith('"')):
        return value
    inner = value[1:-1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def unq(value: str) -> str:
    r"""What goes into a hash: the text between the quotes, its escapes left as they are (RFC 7616 §3.4).

    "The value of the quoted-string without the surrounding quotes" and nothing else: so do Kamailio and
    SIPp, where a realm holds an escaped backslash. (They cannot read an escaped quote at all.)
    """
    return value[1:-1] if len(value) >= 2 and value.startswith('"') and value.endswith('"') else value


def quoted(value: str) -> str:
    """A value as written, put in quotes unless it has them: what is echoed stays letter for letter."""
    return value if value.startswith('"') else f'"{value}"'


def _skip(text: str, place: int) -> int:
    match = _SEPARATORS.match(text, place)
    return place if match is None else match.end()


def _read_one(text: str, place: int, schemes: list[Scheme]) -> int:
    """Read one parameter or the name of a scheme; give the place behind it."""
    current = schemes[-1] if schemes else None
    match = _PARAM.match(text, place)
    if match is not None and current is not None:
        _add(current, match[1], match[2])
        return match.end()
    match = _WORD.match(text, place)
    if match is not None:
        if current is not None and _continues_qop(current, match[1]):
            current.params["qop"] += f",{match[1]}"
        else:
            schemes.append(Scheme(match[1]))
        return match.end()
    match = _SCHEME.match(text, place)
    if match is not None and not text.startswith("=", match.end()):
        schemes.append(Scheme(match[1]))
        return match.end()
    return _skip_broken(text, place, schemes)


def _add(scheme: Scheme, name: str, value: str) -> None:
    key = name.lower()
    if plain(scheme.params.setdefault(key, value)) != plain(value):
        scheme.broken = scheme.broken or f"{key} is given twice with different values"


def _continues_qop(scheme: Scheme, word: str) -> bool:
    """Whether a bare word goes on with `qop=auth,auth-int` that lacks its quotes."""
    return next(reversed(scheme.params), "") == "qop" and word.lower() in _QOP_WORDS


def _skip_broken(text: str, place: int, schemes: list[Scheme]) -> int:
    if not schemes:
        schemes.append(Scheme(""))
    scheme = schemes[-1]
    if scheme.name.lower() in ("", "digest"):
        # Where the next parameter starts is a guess now, so the rest of the line is left alone.
        scheme.broken = scheme.broken or f"it cannot be read from character {place + 1} on"
        return len(text)
    # Other schemes hold things like base64 text, which is none of our business.
    match = _TO_COMMA.match(text, place)
    return len(text) if match is None or match.end() == place else match.end()
