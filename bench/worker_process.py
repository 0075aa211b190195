"""The process that `bench_worker` measures: a probe worker without its broker.

Started with DATABASE_URL of a database made for it. For each line "gateways in-flight" on standard input
it probes that many due gateways and prints one line of JSON: how many it probed, and the CPU seconds of
this process that it took.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from trunks.health import probing  # noqa: E402 (models need the set-up)


def main() -> None:
    """Serve measurements until the input ends."""
    engine = probing.engine()
    for line in sys.stdin:
        wanted, in_flight = (int(word) for word in line.split())
        gc.collect()
        cpu, wall = _cpu_s(), time.monotonic()
        probed = 0
        while probed < wanted:
            claimed = probing.probe_due(engine, in_flight=in_flight, longest_s=0.0)
            if not claimed:
                break
            probed += claimed
        print(
            json.dumps({"probed": probed, "cpu_s": _cpu_s() - cpu, "wall_s": time.monotonic() - wall}),
            flush=True,
        )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
