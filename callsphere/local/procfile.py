"""The processes of CallSphere and how each is started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callsphere.local.ports import LOOPBACK

# A warning that says nothing here: the broker is ours and tasks are JSON.
_AS_ROOT = "ignore:You're running the worker with superuser privileges"
_CELERY = ("-W", _AS_ROOT, "-m", "celery", "--quiet", "-A", "callsphere")
_WORKER = (
    *_CELERY,
    "worker",
    "--loglevel",
    "INFO",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)
_THREADS = ("-P", "threads", "-c", "10")
# The system checks are the same in every process and cost each a second: `work` makes them.
_NO_CHECKS = {"CELERY_SKIP_CHECKS": "true"}


@dataclass(frozen=True, slots=True)
class Command:
    """Arguments for this Python interpreter, and variables beside the common ones."""

    name: str
    arguments: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


def commands(
    *,
    port: int,
    folder: Path,
    with_sandbox: bool,
    with_twilio: bool = False,
    with_openai: bool = False,
    with_stripe: bool = False,
) -> list[Command]:
    """Return every process, by the name it has in the logs. `folder` is where they keep what they write.

    `with_twilio`, `with_openai` and `with_stripe` add the doubles that answer instead of these providers.
    """
    web = (
        *("-m", "gunicorn", "callsphere.wsgi:application", "--bind", f"{LOOPBACK}:{port}", "--preload"),
        *("--workers", "2", "--worker-class", "gthread", "--threads", "8"),
        *("--graceful-timeout", "3", "--no-control-socket", "--log-level", "warning"),
    )
    queues = "default,deliver,provision"
    found = [
        Command("web", web),
        # One event loop drives hundreds of pings: threads beside it, not processes. Checks of lines, which
        # production keeps apart, share it: the load of one person costs less than the start of a process.
        Command("probe", (*_WORKER, "-Q", "probe,check", *_THREADS, "-n", "probe@%h"), _NO_CHECKS),
        Command("work", (*_WORKER, "-Q", queues, "-P", "prefork", "-c", "2", "-n", "work@%h")),
        Command("realtime", ("manage.py", "realtime", "--skip-checks")),
        Command("beat", (*_CELERY, "beat", "--schedule", str(folder / "beat-schedule")), _NO_CHECKS),
    ]
    if with_sandbox:
        found.append(Command("carriers", ("-m", "callsphere.local.sandbox")))
    if with_twilio:
        state = {"TWILIO_DOUBLE_STATE": str(folder / "doubles" / "twilio.json")}
        found.append(Command("twilio", ("-m", "callsphere.local.doubles.twilio"), state))
    if with_openai:
        events = {"OPENAI_DOUBLE_WEBHOOK_URL": f"http://{LOOPBACK}:{port}/webhooks/openai/"}
        found.append(Command("openai", ("-m", "callsphere.local.doubles.openai"), events))
    if with_stripe:
        places = {
            "STRIPE_DOUBLE_FILE": str(folder / "doubles" / "stripe.json"),
            "STRIPE_DOUBLE_WEBHOOK_URL": f"http://{LOOPBACK}:{port}/webhooks/stripe/",
        }
        found.append(Command("stripe", ("-m", "callsphere.local.doubles.stripe"), places))
    return found
