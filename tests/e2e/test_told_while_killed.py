"""What is told of calls while web processes and workers die: what was answered is kept, and applied once."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from callsphere.calls import applying
from callsphere.calls.models import Call, CallEvent
from tenants.context import tenant_context
from tests.calls.conftest import Line, make_line, new_sid
from tests.conftest import Person
from tests.databases import ROOT
from tests.e2e.workers import Background, database_url
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC_URL = "http://calls.test"
CALLS, TELLERS, KILLS = 80, 6, 2
OUTCOMES = {"completed": "missed", "failed": "failed"}
"""What becomes of a call that nobody took, by how it ended."""
_LISTENING = re.compile(r"Listening at: (http://127\.0\.0\.1:\d+)")


class Web:
    """The web server as it is run, with two worker processes."""

    def __init__(self, log: Path) -> None:
        self._log = log
        arguments = ("-m", "gunicorn", "callsphere.wsgi:application", "--bind", "127.0.0.1:0", "--preload")
        processes = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "callsphere.settings",
            "DATABASE_URL": database_url(),
            "PUBLIC_URL": PUBLIC_URL,
        }
        with log.open("wb") as out:
            command = [sys.executable, *arguments, *processes]
            self._master = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        wait_until(lambda: self._found() or self._master.poll() is not None, log.read_text)
        self.url = self._found()

    def _found(self) -> str:
        found = _LISTENING.search(self._log.read_text())
        return found[1] if found else ""

    def kill_workers(self) -> None:
        """Let its worker processes die at once, as if memory had run out; others take their place."""
        children = Path(f"/proc/{self._master.pid}/task/{self._master.pid}/children")
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGKILL)

    def stop(self) -> None:
        self._master.terminate()
        self._master.wait()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    running = Web(tmp_path / "web.log")
    yield running
    running.stop()


@dataclass
class Teller:
    """The provider: signs what it tells, and tells it again until it is answered."""

    line: Line
    url: str
    unanswered: int = 0

    def tell(self, fields: dict[str, str]) -> None:
        path = self.line.place("status")
        url = f"{self.url}{path}"
        headers = {"X-Twilio-Signature": self.line.sign(f"{PUBLIC_URL}{path}", fields)}
        while True:
            try:
                got = httpx.post(url, data=fields, headers=headers, timeout=60, trust_env=False)
            except httpx.TransportError:
                self.unanswered += 1
                continue
            assert got.status_code == 204, got.text
            return


def all_told(line: Line, dice: random.Random) -> list[dict[str, str]]:
    """Return three statuses of each call, each twice, in no order."""
    told, ends = [], list(OUTCOMES)
    for number in range(CALLS):
        sid = new_sid("CA")
        for sequence, status in enumerate(("ringing", "in-progress", ends[number % len(ends)])):
            fields = line.fields(CallSid=sid, CallStatus=status, SequenceNumber=str(sequence))
            told += [fields, fields]
    dice.shuffle(told)
    return told


def test_nothing_that_was_answered_is_lost_and_nothing_is_applied_twice(alice: Person, web: Web) -> None:
    seed = random.SystemRandom().randrange(2**32)
    dice = random.Random(seed)
    line = make_line(alice)
    teller, told = Teller(line, web.url), all_told(line, dice)
    share = len(told) // KILLS

    with ThreadPoolExecutor(TELLERS) as pool:
        for start in range(0, len(told), share):
            with Background({}, worker="work") as background:
                telling = [pool.submit(teller.tell, each) for each in told[start : start + share]]
                telling[share // 3].result()
                web.kill_workers()
                background.kill()
                for each in telling:
                    each.result()
    while applying.apply_waiting():
        pass

    with tenant_context(alice.tenant):
        stored = Counter(CallEvent.objects.values_list("call_sid", "sequence_number"))
        calls = Counter(Call.objects.values_list("state", "outcome"))
    wanted = {("ended", outcome): CALLS // len(OUTCOMES) for outcome in OUTCOMES.values()}
    assert (len(stored), set(stored.values())) == (CALLS * 3, {1}), (seed, teller)
    assert calls == wanted, (seed, teller)
