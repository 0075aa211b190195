"""Typed readers for environment variables.

Every setting is read through one of these, so that a wrong value stops the process at start with
the variable's name, never later with a puzzling error. Secret values may be given as a file:
`SECRET_KEY_FILE=/run/secrets/key` instead of `SECRET_KEY=...`.
"""

import base64
import os
import re
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from callsphere.providers.openai.prices import ModelPrice, WrongPrices, published_prices, read_prices
from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def load_file(path: Path) -> None:
    """Set variables from a `NAME=value` file; what the process was started with wins."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        name, separator, value = entry.partition("=")
        if not separator or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise ImproperlyConfigured(f"{path}, line {number}: expected NAME=value")
        os.environ.setdefault(name, value)


def text(name: str, default: str | None = None) -> str:
    """Return the variable; raise ImproperlyConfigured when it is required and missing."""
    value = os.environ.get(name)
    if value is not None:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. `make run` generates it in .local/env; see .env.example."
        )
    return default


def secret(name: str, default: str | None = None) -> str:
    """Like `text`, but `NAME_FILE` may name a file that holds the value."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return text(name, default)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {path}: {error.strerror}") from error


def boolean(name: str, default: bool) -> bool:
    """Return a flag: 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: write true or false")


def integer(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Return a whole number within the bounds."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number") from None
    if number < minimum or (maximum is not None and number > maximum):
        bounds = f"from {minimum} to {maximum}" if maximum is not None else f"of at least {minimum}"
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number {bounds}")
    return number


def strings(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list, blanks left out."""
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def networks(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list of CIDR networks, checked."""
    values = strings(name, default)
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {value!r} is not a network ({error})") from error
    return values


def endpoints(name: str) -> list[tuple[str, int]] | None:
    """Return a comma-separated list of `host:port` (port 53 when left out), or None when empty."""
    found = []
    for value in strings(name):
        host, separator, port = value.rpartition(":") if not value.endswith("]") else (value, "", "")
        if not separator:
            host, port = value, "53"
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise ImproperlyConfigured(f"{name}: {value!r}: write host:port")
        found.append((host.strip("[]"), int(port)))
    return found or None


def sip_uri(name: str) -> SipUri | None:
    """Return a SIP URI, or None when empty."""
    value = os.environ.get(name, "").strip()
    try:
        return parse_gateway_uri(value) if value else None
    except SipUriError as error:
        raise ImproperlyConfigured(f"{name}={value!r}: write sip:host or sip:host:port. {error}") from None


def web_address(name: str) -> str:
    """Return an http or https address without a final slash, or nothing when empty."""
    value = os.environ.get(name, "").strip().rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query):
        raise ImproperlyConfigured(f"{name}={value!r}: write http://host:port or https://host")
    return value


def twilio_account(name: str) -> str:
    """Return the id of a Twilio account, or nothing when empty."""
    value = os.environ.get(name, "").strip()
    if value and not re.fullmatch(r"AC[0-9a-f]{32}", value):
        raise ImproperlyConfigured(f"{name}={value!r}: write AC and 32 characters, as the Console shows it")
    return value


def openai_project(name: str) -> str:
    """Return the id of a project at OpenAI, or nothing when empty."""
    value = os.environ.get(name, "").strip()
    if value and not re.fullmatch(r"proj_[A-Za-z0-9]+", value):
        raise ImproperlyConfigured(
            f"{name}={value!r}: write proj_ and letters, as the project's settings show it"
        )
    return value


def webhook_secret(name: str) -> str:
    """Return a signing secret such as `whsec_…` (Standard Webhooks), or nothing when empty."""
    value = secret(name, "")
    try:
        key = base64.b64decode(value.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if value and (not key or not value.startswith("whsec_")):
        raise ImproperlyConfigured(f"{name}: write whsec_ and what follows it, as it was shown once")
    return value


def openai_prices(name: str) -> dict[str, ModelPrice]:
    """Return prices of OpenAI's models: the published ones, and over them those of a file that is named."""
    path = os.environ.get(name, "").strip()
    try:
        own = read_prices(Path(path).read_text()) if path else {}
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path!r}: {error.strerror or error}") from None
    except (WrongPrices, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}={path!r}: {error}") from None
    return {**published_prices(), **own}


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words."""
    value = os.environ.get(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r}: write one of {', '.join(allowed)}")
    return value


def database(name: str, default: str | None = None) -> dict[str, object]:
    """Return Django's settings for a `postgres://user:password@host:port/name?sslmode=…` address."""
    url = urlsplit(secret(name, default))
    if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
        raise ImproperlyConfigured(f"{name}: write postgres://user:password@host:port/database")
    options = dict(pair.partition("=")[::2] for pair in url.query.split("&") if pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.strip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or 5432),
        "OPTIONS": options,
    }


def email(url: str) -> dict[str, object]:
    """Return where workers send mails to: `smtp://`, `smtp+tls://` or `smtps://user:password@host:port`.

    They are Django's settings of its SMTP backend; empty for an empty address (see `tenants.mail.transport`).
    """
    if not url:
        return {}
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL: write smtp://, smtp+tls:// or smtps://user:password@host:port")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }
