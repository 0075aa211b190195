"""What the law of a country asks for before a number is handed over, and the papers that were approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.lists import EVERYTHING
from callsphere.providers.twilio.numbers import NumberKind

Holder = Literal["business", "individual"]
APPROVED = "twilio-approved"
_KINDS = {"toll_free": "toll-free"}


@dataclass(frozen=True, slots=True)
class Regulation:
    """What a kind of number needs of a kind of holder. `documents`: of each group, one is enough."""

    sid: str
    name: str
    holder: str
    documents: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Papers that were handed in for one regulation. `status`: draft, pending-review, in-review, twilio-…"""

    sid: str
    name: str
    regulation_sid: str
    status: str

    @property
    def is_approved(self) -> bool:
        """Whether numbers can be bought with it."""
        return self.status == APPROVED


def list_regulations(
    account: TwilioAccount, *, country: str, kind: NumberKind, holder: Holder = "business"
) -> list[Regulation]:
    """Return what is needed for such numbers; nothing when they are sold without papers."""
    rows = _compliance(account).regulations.list(
        iso_country=country,
        number_type=_KINDS.get(kind, kind),
        end_user_type=holder,
        page_size=EVERYTHING,
    )
    return [_regulation(row) for row in rows]


def list_bundles(account: TwilioAccount) -> list[Bundle]:
    """Return the papers that the account has handed in."""
    rows = _compliance(account).bundles.list(page_size=EVERYTHING)
    return [
        Bundle(row.sid, row.friendly_name or "", row.regulation_sid or "", str(row.status)) for row in rows
    ]


def _compliance(account: TwilioAccount) -> Any:
    return open_client(account).numbers.v2.regulatory_compliance


def _regulation(row: Any) -> Regulation:
    groups = (row.requirements or {}).get("supporting_document") or []
    documents = tuple(tuple(each["name"] for each in group) for group in groups)
    return Regulation(row.sid, row.friendly_name, str(row.end_user_type), documents)
