"""Refusals in the shape that Stripe's SDK turns into exceptions."""

from typing import Any


class ApiError(Exception):
    """A request that is refused: the HTTP status and Stripe's error object."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", **more: str
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"type": kind, "message": message, **more}}


def missing(kind: str, identity: str, param: str = "id") -> ApiError:
    """Return the refusal of an id that leads nowhere."""
    return ApiError(404, f"No such {kind}: '{identity}'", code="resource_missing", param=param)


def wrong(message: str, param: str, code: str = "parameter_invalid_empty") -> ApiError:
    """Return the refusal of one parameter."""
    return ApiError(400, message, code=code, param=param)


def declined() -> ApiError:
    """Return what a bank's refusal becomes."""
    return ApiError(
        402,
        "Your card was declined.",
        kind="card_error",
        code="card_declined",
        decline_code="generic_decline",
    )
