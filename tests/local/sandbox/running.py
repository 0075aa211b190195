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
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    first = ports.choose_block(20000 + zlib.crc32(f"{ROOT} {worker}".encode()) % 50 * PORTS, PORTS)
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
        ended = process.wait(timeout=10)
    assert ended == 0
