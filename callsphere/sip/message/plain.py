"""The way nearly all messages are written, recognised at one look.

What is plain needs no closer reading: the full grammar would read it the same way. Whatever is
written otherwise, rightly or wrongly, is left to that.
"""

from __future__ import annotations

import re

from callsphere.sip.headers import TOKEN

# Up to the end of a line each. No folding, no spaces before the colon and at the end. The second "+" of
# each pair forbids another try with less, which could not match either but would take our time.
_FIELD = re.compile(rf"^({TOKEN.pattern}+):[ \t]*+([^\r]*+)(?<![ \t])(?:\r\n|\Z)", re.M)

# As callsphere.sip.headers reads them, of visible ASCII, without spaces, escapes and quoted or empty
# parameters. One range of characters per class: those are tested fastest.
_PARAMS = r"(?:;[!#-+\--:?-~]+(?:=[!#-+\--:=?-~]*)?)*"  # neither quotes nor , ; < > and no = in names
_VIA = (
    rf"SIP/2\.0/{TOKEN.pattern} (?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])"
    rf"(?::(?:[1-9][0-9]{{0,3}}|[1-5][0-9]{{4}}|6[0-4][0-9]{{3}}))?{_PARAMS}"
)
_DISPLAY = r'(?:"[^"\\\n]*" ?|[ !#-+\--:=?-~]*)'
_ADDRESS = rf"{_DISPLAY}<[A-Za-z][A-Za-z0-9+.-]*:[!-;=?-~]+>{_PARAMS}"
_VALUES = re.compile(rf"(?:{_VIA}\n)+{_ADDRESS}\n{_ADDRESS}\n[0-9]{{1,9}} ({TOKEN.pattern})")


def plain_fields(lines: str) -> list[tuple[str, str]] | None:
    """Name and value of each header line, None when one of them is not plain."""
    fields: list[tuple[str, str]] = _FIELD.findall(lines)
    # Each match holds one line or more: as many of them as lines means that none was passed over or joined.
    return fields if len(fields) == lines.count("\n") + 1 else None


def plain_method(vias: list[str], from_: str, to: str, cseq: str) -> str | None:
    """The method in CSeq, None when one of the values is not plain."""
    via = vias[0] if len(vias) == 1 else "\n".join(vias)
    found = _VALUES.fullmatch(f"{via}\n{from_}\n{to}\n{cseq}")
    return found[1] if found is not None else None
