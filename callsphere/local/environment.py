"""The environment of the embedded default, generated once into `.local/env` (mode 0600, never in git).

What the process was started with wins over the file. Keys and passwords in it are made once and kept;
addresses and paths are brought up to date at each start; lines that people add stay.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from callsphere.local.paths import write_private
from callsphere.local.ports import LOOPBACK
from callsphere.providers.twilio.account import DOUBLE_PREFIX

DATABASE = "callsphere"
OPENAI_KEY_PREFIX = "sk-double-"
"""Keys of OpenAI's double begin so; OpenAI's own do not."""
_HEADING = """\
# Settings of the embedded default. Keys and passwords were generated once: KEY_ENCRYPTION_KEYS opens the
# stored credentials, back it up with the database. Addresses and paths are rewritten at each start.
# Variables of the process win over this file; .env.example explains them all.
"""


def env_file(local: Path) -> Path:
    """Return the path of the generated environment."""
    return local / "env"


def read(path: Path) -> dict[str, str]:
    """Return the file's variables; empty when there is no file."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if not line.startswith("#"))
    return {name.strip(): value for name, separator, value in pairs if separator}


def secret_values() -> dict[str, str]:
    """Return fresh secrets, and addresses with fresh passwords (their ports are set when servers start)."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "KEY_ENCRYPTION_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "DATABASE_URL": f"postgres://callsphere_app:{secrets.token_urlsafe(24)}@{LOOPBACK}:0/{DATABASE}",
        "DATABASE_OWNER_URL": f"postgres://callsphere_owner:{secrets.token_urlsafe(24)}@{LOOPBACK}:0/{DATABASE}",
        "REDIS_URL": f"redis://:{secrets.token_urlsafe(24)}@{LOOPBACK}:0/0",
        "TWILIO_ACCOUNT_SID": f"{DOUBLE_PREFIX}{secrets.token_hex(12)}",
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        # For OpenAI's double: none of the three opens anything elsewhere.
        "OPENAI_API_KEY": f"{OPENAI_KEY_PREFIX}{secrets.token_urlsafe(24)}",
        "OPENAI_PROJECT_ID": f"proj_double{secrets.token_hex(8)}",
        "OPENAI_WEBHOOK_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
        # For the stand-in for Stripe: neither opens anything elsewhere.
        "STRIPE_SECRET_KEY": f"sk_test_standin_{secrets.token_urlsafe(18)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_urlsafe(24)}",
    }


def place_values(folder: Path) -> dict[str, str]:
    """Return what depends on where the embedded default keeps its files."""
    return {
        "NETGUARD_ALLOW": "127.0.0.0/8,::1/128",
        "SANDBOX": "true",
        "SIP_CA_FILE": str(folder / "sandbox" / "ca.pem"),
        "SIP_SOURCE_ADDRESSES": LOOPBACK,
        "EMAIL_FILE_PATH": str(folder / "mail"),
        "LOG_FORMAT": "console",
    }


def ensure(local: Path) -> dict[str, str]:
    """Make the file when missing, complete it when a variable is new, and return its variables."""
    path = env_file(local)
    known = read(path)
    missing = {name: value for name, value in secret_values().items() if name not in known}
    update(path, {**missing, **place_values(local)})
    return read(path)


def update(path: Path, values: Mapping[str, str]) -> None:
    """Set variables in the file, in place; every other line stays as it is."""
    left = dict(values)
    lines = path.read_text().splitlines() if path.is_file() else _HEADING.splitlines()
    for number, line in enumerate(lines):
        name = line.partition("=")[0]
        if name in left:
            lines[number] = f"{name}={left.pop(name)}"
    lines += [f"{name}={value}" for name, value in left.items()]
    text = "\n".join(lines) + "\n"
    if not path.is_file() or path.read_text() != text or path.stat().st_mode & 0o077:
        write_private(path, text)


def with_port(url: str, port: int) -> str:
    """Return the address with another port."""
    parts = urlsplit(url)
    credentials, _, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{credentials}@{LOOPBACK}:{port}").geturl()


def kept_port(url: str) -> int | None:
    """Return the port the address had at the last start, or None before the first."""
    return urlsplit(url).port or None


def given(name: str) -> bool:
    """Whether the process was started with the variable, as such or as a file."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def merged(values: Mapping[str, str]) -> dict[str, str]:
    """Return the process's environment over `values`; a variable set to nothing counts as not set."""
    process = {name: value for name, value in os.environ.items() if value or name not in values}
    return {**values, **process}


def secret(env: Mapping[str, str], name: str) -> str:
    """Return a variable that may be given as a file, or nothing."""
    file = env.get(f"{name}_FILE")
    return Path(file).read_text().strip() if file else env.get(name, "")
