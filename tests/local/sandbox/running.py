"""The sandbox as a process of its own, at ports that nothing else uses."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callsphere.local import ports
from callsphere.local.paths import ROOT
from callsphere.local.sandbox.carriers import PORTS


@dataclass(frozen=True)
class Sandbox:
    """Where it is, what it printed, and its process."""

    first_port: int
    ca_file: Path
    words: list[str]
    process: subprocess.Popen[str]


@contextmanager
def running_sandbox(folder: Path) -> Iterator[Sandbox]:
    """Run one with its certificates in `folder`."""
    # Test processes that start one at the same time look far from each other.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    place = (zlib.crc32(str(ROOT).encode()) + 10 * worker) % 50
    first = ports.choose_block(20000 + place * PORTS, PORTS)
    process = subprocess.Popen(
        [sys.executable, "-m", "callsphere.local.sandbox", "--port", str(first), "--folder", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    words: list[str] = []
    for line in process.stdout:
        words.append(line.rstrip())
        if line == "sandbox ready\n":
            break
    try:
        yield Sandbox(first, folder / "ca.pem", words, process)
    finally:
        process.terminate()
        ended = process.wait(timeout=60)
    assert ended == 0
