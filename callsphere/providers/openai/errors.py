"""What can go wrong with a call at OpenAI, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import openai

_TOO_LATE = 404


class RealtimeError(Exception):
    """OpenAI refused, or could not be asked. `str()` is a sentence for people, without any secret.

    `code` is stable and meant for programs; `status` the HTTP status, 0 when no answer came. `detail` is what
    OpenAI said of it, for logs. `outcome_unknown`: it may have been done, so look before you do it again (a
    call that was accepted can be attached to). `retry_after` is in seconds, if OpenAI said so.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 0,
        outcome_unknown: bool = False,
        retry_after: float = 0.0,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        self.detail = detail


class Unavailable(RealtimeError):
    """It may go well later: no answer, too many requests, a failure at OpenAI."""


class CallGone(RealtimeError):
    """The call is not there: over, never accepted, or another project's."""


class Refused(RealtimeError):
    """It will be refused again: a wrong key, or a request that OpenAI does not take."""


@contextmanager
def in_plain_words(*, may_be_done: bool = False) -> Iterator[None]:
    """Turn the SDK's exceptions into the above; an earlier try of the same may have been carried out."""
    try:
        yield
    except openai.APIStatusError as error:
        raise of_status(
            error.status_code,
            code=error.code or "",
            detail=_detail(error),
            may_be_done=may_be_done,
            retry_after=_retry_after(error),
        ) from error
    except openai.APIConnectionError as error:
        raise unreachable(type(error).__name__, outcome_unknown=True) from error
    except openai.OpenAIError as error:
        raise Refused(
            "OpenAI's answer makes no sense to us. Write to support.",
            code="realtime_unreadable",
            outcome_unknown=True,
            detail=type(error).__name__,
        ) from error


def of_status(
    status: int, *, code: str = "", detail: str = "", may_be_done: bool = False, retry_after: float = 0.0
) -> RealtimeError:
    """Return what an answer with an error becomes."""
    if status == _TOO_LATE:
        return CallGone(
            "The call is over.",
            code=code or "call_gone",
            status=status,
            outcome_unknown=may_be_done,
            detail=detail,
        )
    if status in (401, 403):
        return Refused(
            "OpenAI did not accept our key. Write to support.",
            code="realtime_not_configured",
            status=status,
            detail=detail,
        )
    if status in (408, 409, 429) or status >= 500:
        return Unavailable(
            "OpenAI cannot take this just now.",
            code="realtime_unavailable",
            status=status,
            outcome_unknown=status >= 500 or may_be_done,
            retry_after=retry_after,
            detail=detail,
        )
    return Refused(
        "OpenAI does not take this call's session. Write to support."
        if not may_be_done
        else "OpenAI refused, perhaps because it had done so already.",
        code=code or "realtime_refused",
        status=status,
        outcome_unknown=may_be_done,
        detail=detail,
    )


def unreachable(detail: str, *, outcome_unknown: bool = False) -> Unavailable:
    """Return what no answer becomes."""
    return Unavailable(
        "OpenAI did not answer.",
        code="realtime_unreachable",
        outcome_unknown=outcome_unknown,
        detail=detail,
    )


def _detail(error: openai.APIStatusError) -> str:
    """OpenAI's own sentence; of a refused key it repeats a part, so that stays out."""
    if error.status_code in (401, 403):
        return error.code or type(error).__name__
    body = error.body if isinstance(error.body, dict) else {}
    where = f" ({error.param})" if error.param else ""
    return f"{str(body.get('message') or type(error).__name__)[:500]}{where}"


def _retry_after(error: openai.APIStatusError) -> float:
    try:
        return max(0.0, float(error.response.headers.get("retry-after", 0)))
    except ValueError:
        return 0.0
