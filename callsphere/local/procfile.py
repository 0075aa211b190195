"""The processes of CallSphere and how each is started."""

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


def processes(*, port: int, folder: Path, with_sandbox: bool) -> dict[str, list[str]]:
    """Return Python's arguments for each process, by the name it has in the logs.

    `folder` is where beat keeps its schedule.
    """
    found = {
        "web": [
            *("-m", "gunicorn", "callsphere.wsgi:application", "--bind", f"{LOOPBACK}:{port}", "--preload"),
            *("--workers", "2", "--worker-class", "gthread", "--threads", "8"),
            *("--graceful-timeout", "4", "--no-control-socket", "--log-level", "warning"),
        ],
        # One event loop drives hundreds of pings: threads beside it, not processes.
        "probe": [*_WORKER, "-Q", "probe", "-P", "threads", "-c", "8", "-n", "probe@%h"],
        "work": [*_WORKER, "-Q", "default,deliver,provision", "-P", "prefork", "-c", "2", "-n", "work@%h"],
        "beat": [*_CELERY, "beat", "--schedule", str(folder / "beat-schedule")],
    }
    if with_sandbox:
        found["carriers"] = ["-m", "callsphere.local.sandbox"]
    return found
