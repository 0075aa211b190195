"""OpenAI's SDK, opened for the project that the settings name."""

from __future__ import annotations

import logging
import ssl
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI, Timeout

from callsphere.providers.openai.errors import Refused

TIMEOUT = Timeout(10.0, connect=4.0)
"""Seconds for one request: the caller hears it ring meanwhile."""
_NO_RETRIES = 0
"""Of the SDK's: see `tries`."""
_OPENAI = "https://api.openai.com"
# The SDK reads OPENAI_LOG while it is imported: what it tells then at DEBUG is no help to us.
logging.getLogger("openai").setLevel(logging.WARNING)


def is_configured() -> bool:
    """Whether there is a project whose calls can be answered."""
    return bool(settings.OPENAI_API_KEY and settings.OPENAI_PROJECT_ID)


def is_double() -> bool:
    """Whether OpenAI's double answers instead of OpenAI, for pages to say so."""
    host = urlsplit(settings.OPENAI_BASE_URL).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def sip_address() -> str:
    """Return where calls go so that OpenAI answers them; empty without a project."""
    if not settings.OPENAI_PROJECT_ID:
        return ""
    return f"sip:{settings.OPENAI_PROJECT_ID}@{settings.OPENAI_SIP_HOST};transport=tls"


def client() -> OpenAI:
    """Return the client for requests outside event loops, one for the whole process. Raises Refused."""
    return _client(_key(), settings.OPENAI_PROJECT_ID, base_url(), is_double())


def async_client() -> AsyncOpenAI:
    """Return a client of the running event loop's: close it. Raises Refused."""
    return AsyncOpenAI(
        api_key=_key(),
        project=settings.OPENAI_PROJECT_ID or None,
        base_url=base_url(),
        timeout=TIMEOUT,
        max_retries=_NO_RETRIES,
        http_client=DefaultAsyncHttpxClient(verify=tls(), trust_env=not is_double()),
    )


def base_url() -> str:
    """Return the address that the SDK takes: with the API's version."""
    address = settings.OPENAI_BASE_URL or _OPENAI
    return address if urlsplit(address).path.strip("/") else f"{address}/v1"


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Return what all connections check certificates with: reading the authorities costs each one time."""
    return ssl.create_default_context()


@lru_cache(maxsize=4)
def _client(key: str, project: str, address: str, with_double: bool) -> OpenAI:
    return OpenAI(
        api_key=key,
        project=project or None,
        base_url=address,
        timeout=TIMEOUT,
        max_retries=_NO_RETRIES,
        http_client=DefaultHttpxClient(verify=tls(), trust_env=not with_double),
    )


def _key() -> str:
    if not settings.OPENAI_API_KEY:
        raise Refused("No calls can be answered: OPENAI_API_KEY is not set.", code="not_configured")
    return settings.OPENAI_API_KEY
