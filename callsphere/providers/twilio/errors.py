"""What can go wrong with a request to Twilio, as one exception."""

from __future__ import annotations

from callsphere.providers.twilio.problems import Problem


class TwilioError(Exception):
    """Twilio refused, or could not be asked. `str()` is a sentence for people, without any secret.

    `problem` says what, who has to act and where. `code` is Twilio's, 0 when none came; `status` the HTTP
    status, 0 when no answer came. `retryable`: the very same request may succeed later. `outcome_unknown`: it
    may have been carried out, so look before you do it again. `retry_after` is in seconds, if Twilio said so.
    `detail` is Twilio's own sentence.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        code: int = 0,
        status: int = 0,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
        detail: str = "",
    ) -> None:
        number = f" (Twilio error {code})" if code else ""
        super().__init__(f"{problem.title}. {problem.fix}{number}")
        self.problem = problem
        self.code = code
        self.status = status
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        self.detail = detail

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.problem.retryable

    @property
    def is_missing(self) -> bool:
        """Whether the resource is not there: deleted at Twilio, or never this account's."""
        return self.status == 404

    @property
    def is_conflict(self) -> bool:
        """Whether it is there already."""
        return self.status == 409
