"""Structured logs: one JSON object a line (or coloured text on a terminal), with request and tenant ids."""

import os
import re
import sys

import sentry_sdk
import structlog
from sentry_sdk.types import Event, Hint
from structlog.typing import EventDict, Processor, WrappedLogger

# A value under one of these names never reaches a log line or an error report.
SECRET_NAMES = ("password", "secret", "token", "authorization", "cookie", "credential", "api_key")
MASK = "[hidden]"
# Addresses whose last part is a token that lets its holder in; a query may hold such an address too.
_TOKENS = re.compile(
    r"(?P<start>(?<!/team)(?:/|%2F)(?:invitations|confirm-email|reports|reset(?:/|%2F)key)(?:/|%2F))(?:(?!%2F)[^\s/?&\"'])+",
    re.IGNORECASE,
)


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask values whose name says that they are secret."""
    for name in event:
        if name != "event" and any(word in name.lower() for word in SECRET_NAMES):
            event[name] = MASK
    return event


def hide_tokens(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask the tokens of links in the addresses that lines tell of."""
    for name in ("event", "request"):
        if isinstance(event.get(name), str):
            event[name] = _TOKENS.sub(rf"\g<start>{MASK}", event[name])
    return event


def mask_addresses(event: Event, _hint: Hint) -> Event:
    """Mask the tokens of links in the addresses that an error report tells of."""
    request = event.get("request")
    if isinstance(request, dict):
        for name in ("url", "query_string"):
            address = request.get(name)
            if isinstance(address, str):
                request[name] = _TOKENS.sub(rf"\g<start>{MASK}", address)
    return event


def configure(log_format: str) -> dict[str, object]:
    """Set up structlog and return the LOGGING setting that sends standard logging the same way."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
        hide_tokens,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # Local variables may hold secrets: no traceback shows them.
    traces = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    renderers: list[Processor] = (
        [structlog.processors.ExceptionRenderer(traces), structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "httpx": {"level": "WARNING"},
            "stripe": {"level": "WARNING"},
            # At DEBUG they tell keys and what is said in calls.
            **{name: {"level": "WARNING"} for name in ("openai", "httpx2", "httpcore2", "websockets")},
            # beat writes a line a tick, the workers one a task
            "celery.beat": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "django_structlog.celery.receivers": {"level": "WARNING"},
        },
    }


def start_sentry(dsn: str) -> None:
    """Send errors to Sentry when an address is configured; never request bodies or local variables."""
    if dsn:
        sentry_sdk.init(
            dsn=dsn,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            before_send=mask_addresses,
            before_send_transaction=mask_addresses,
        )
