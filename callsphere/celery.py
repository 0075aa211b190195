"""The Celery application. Tasks are `@app.task(name=…)` of this object."""

import os
from queue import SimpleQueue
from threading import Lock, Thread

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")

app = Celery("callsphere")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
log = structlog.get_logger(__name__)


class Waker:
    """Sends wake-ups from a thread of its own: whoever asks for one never waits for the broker.

    While the broker is away, equal wake-ups become one, and what cannot be sent is forgotten.
    """

    def __init__(self, sender: Celery) -> None:
        self._sender = sender
        self._wanted: SimpleQueue[tuple[str, ...]] = SimpleQueue()
        self._pending: set[tuple[str, ...]] = set()
        self._lock = Lock()
        self._thread: Thread | None = None

    def wake(self, task_name: str, queue: str, *arguments: str) -> None:
        """Have the message sent soon."""
        wanted = task_name, queue, *arguments
        with self._lock:
            if wanted not in self._pending:
                self._pending.add(wanted)
                self._wanted.put(wanted)
            # A forked process has no thread of its parent's.
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._send_all, name="waker", daemon=True)
                self._thread.start()

    def _send_all(self) -> None:
        while True:
            wanted = self._wanted.get()
            with self._lock:
                self._pending.discard(wanted)
            self._send(*wanted)

    def _send(self, task_name: str, queue: str, *arguments: str) -> None:
        try:
            self._sender.send_task(task_name, arguments, queue=queue, retry=False, expires=10)
        except (
            OperationalError,
            *self._sender.connection_for_write().recoverable_connection_errors,
        ) as error:
            log.warning("wake_up_lost", task=task_name, error=type(error).__name__)


_waker = Waker(app)


def wake(task_name: str, queue: str, *arguments: str) -> None:
    """Ask a worker to look for due rows now. A lost message only costs time: ticks find the same rows.

    Arguments are for what may be lost: there is no row that asks for it again.
    """
    _waker.wake(task_name, queue, *arguments)
