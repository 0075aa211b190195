"""The dictionary of causes: one name, one meaning and one fix for every way a trunk can fail.

Screens, API, command line and e-mails all speak from it. Causes are added when reality brings
them; none is ever renamed, since tenants' scripts and alerts hold their codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from callsphere.sip.causes.calling import ANSWERS, CALL, MEDIA, NUMBER
from callsphere.sip.causes.entry import Cause, Result, Who
from callsphere.sip.causes.reaching import ADDRESS, CONNECTION, TLS
from callsphere.sip.causes.signing_in import AUTHENTICATION, REGISTRATION

__all__ = ["CAUSES", "Cause", "Result", "Who", "cause"]

CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        entry.code: entry
        for group in (
            *(ADDRESS, CONNECTION, TLS),
            *(AUTHENTICATION, REGISTRATION),
            *(NUMBER, ANSWERS, MEDIA, CALL),
        )
        for entry in group
    }
)
"""Every cause by its code, read-only."""


def cause(code: str) -> Cause:
    """The cause of this code; raise KeyError for an unknown one."""
    return CAUSES[code]
