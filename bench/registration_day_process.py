"""The process of `bench_registration_day`: lives one simulated day and prints what it saw as JSON.

Started with DATABASE_URL of a database made for it; the arguments are those of Simulation as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from bench.registration_day import Simulation  # noqa: E402 (models need the set-up)

if __name__ == "__main__":
    print(json.dumps(asdict(Simulation(**json.loads(sys.argv[1])).run())))
