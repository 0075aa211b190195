"""An account of Twilio's and the credentials that open it."""

from __future__ import annotations

from dataclasses import dataclass, field

DOUBLE_PREFIX = "AC00000000"
"""Accounts of the double begin so; Twilio's own are random."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose resources, and with which credentials.

    `key_sid` and `key_secret` are an API key of this very account, or its own SID and auth token. A
    parent's credentials reach a subaccount on api.twilio.com alone, and none of trunking, voice, trust hub,
    numbers and messaging: a tenant's account is always opened with a key of its own. The secret is never
    shown.
    """

    account_sid: str
    key_sid: str
    key_secret: str = field(repr=False)

    @classmethod
    def with_token(cls, account_sid: str, auth_token: str) -> TwilioAccount:
        """Return the account opened by its own auth token, which may also manage accounts and keys."""
        return cls(account_sid, account_sid, auth_token)

    @property
    def has_token(self) -> bool:
        """Whether it is opened by its auth token."""
        return self.key_sid == self.account_sid

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled: a task's arguments are stored and logged."""
        raise TypeError("A TwilioAccount holds a secret and is not serialised: pass the tenant's id instead")
