"""The process that `bench_checks_and_pings` measures: a worker without its broker.

Started with DATABASE_URL of a database made for it. For each line "seconds task…" on standard input it does
for that long what beat has a worker do each second, in 8 threads: `probe` what is due, begin the `check`s
that are queued. Then it prints one line of JSON: the CPU seconds of this process that it took.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from trunks.checks import runs as check_runs  # noqa: E402 (models need the set-up)
from trunks.health import probing  # noqa: E402 (models need the set-up)

THREADS = 8
TICK_S = 1.0
IN_FLIGHT = 100
"""All gateways are one peer here: more at once would flood its socket, as many carriers are not."""


def main() -> None:
    """Serve measurements until the input ends."""
    engine, runner = probing.engine(), check_runs.runner()
    works: dict[str, Callable[[], int]] = {
        "probe": partial(probing.probe_due, engine, in_flight=IN_FLIGHT),
        "check": runner.run_due,
    }
    for line in sys.stdin:
        seconds, *tasks = line.split()
        gc.collect()
        cpu, started = _cpu_s(), time.monotonic()
        with ThreadPoolExecutor(THREADS) as threads:
            for tick in range(round(float(seconds) / TICK_S) + 1):
                time.sleep(max(0.0, started + tick * TICK_S - time.monotonic()))
                for task in tasks:
                    threads.submit(works[task])
        print(json.dumps({"cpu_s": _cpu_s() - cpu}), flush=True)
    check_runs.runner.stop()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
