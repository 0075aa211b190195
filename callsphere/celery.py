"""The Celery application. Tasks are `@app.task(name=…)` of this object."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")

app = Celery("callsphere")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def wake(task_name: str, queue: str) -> None:
    """Ask a worker to look for due rows now. A lost message only costs time: ticks find the same rows."""
    try:
        app.send_task(task_name, queue=queue, retry=False, expires=10)
    except app.connection_for_write().recoverable_connection_errors:
        pass
