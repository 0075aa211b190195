"""Takes away all that is ours of a trunk at Twilio, of whichever kind, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from callsphere.providers.twilio import access_lists, byoc, elastic_trunks, sip_domains
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.trunk_state import Owner


class _Thing(Protocol):
    @property
    def sid(self) -> str: ...
    @property
    def name(self) -> str: ...


_Lister = Callable[[TwilioAccount], Iterable[_Thing]]
# What uses something goes before it; mappings, targets and entries go with what they belong to.
_IN_ORDER: tuple[tuple[str, _Lister, Callable[[TwilioAccount, str], None]], ...] = (
    ("elastic trunk", elastic_trunks.list_elastic_trunks, elastic_trunks.delete_elastic_trunk),
    ("domain", sip_domains.list_sip_domains, sip_domains.delete_sip_domain),
    ("BYOC trunk", byoc.list_byoc_trunks, byoc.delete_byoc_trunk),
    ("policy", byoc.list_connection_policies, byoc.delete_connection_policy),
    ("IP list", access_lists.list_ip_lists, access_lists.delete_ip_list),
    ("credential list", access_lists.list_credential_lists, access_lists.delete_credential_list),
)


def take_away(account: TwilioAccount, owner: Owner, note: Callable[[], None]) -> Iterator[str]:
    """Delete everything of ours. Yields after each act that lasts; what is gone already counts as done.

    Numbers on an elastic trunk stay, and ask our addresses again. Raises TwilioError, and what `note` raises.
    """
    for words, find, delete in _IN_ORDER:
        for each in owner.of(find(account)):
            note()
            delete(account, each.sid)
            yield f"{words} removed"
