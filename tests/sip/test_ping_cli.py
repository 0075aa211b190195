"""`sip ping`: what it prints, its exit codes, and that it needs no database."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from callsphere.sip.ping_cli import Surroundings, Tally, add_ping_arguments, run_ping
from tests.peers import free_port
from tests.peers.scripted import UdpPeer, answer_to

ROOT = Path(__file__).resolve().parents[2]
KEYS = ["sent", "answered", "failed", "rtt_ms", "wall_s", "cpu_s"]


@pytest.fixture
def peer() -> Iterator[UdpPeer]:
    def healthy(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
        peer.send(answer_to(request, extra=b"Server: Edge\r\n"), source)

    with UdpPeer(healthy) as peer:
        yield peer


def run(*args: str, wait_s: float = 60.0) -> tuple[int, str, str]:
    """Exit code, output and error output."""
    parser = ArgumentParser()
    add_ping_arguments(parser)
    out, err = io.StringIO(), io.StringIO()
    code = run_ping(vars(parser.parse_args(args)), out, err, Surroundings(wait_s=wait_s))
    return code, out.getvalue(), err.getvalue()


def peer_uri(peer: UdpPeer | None = None) -> str:
    """The address of a peer, or of a port where nobody is."""
    return f"sip:127.0.0.1:{peer.port if peer is not None else free_port()}"


def test_json_has_exactly_the_promised_keys(peer: UdpPeer) -> None:
    code, out, err = run(f"sip:127.0.0.1:{peer.port}", "--count", "30", "--allow-private", "--json")
    report = json.loads(out)
    assert (code, err, list(report)) == (0, "", KEYS)
    assert (report["sent"], report["answered"], report["failed"]) == (30, 30, {})
    assert list(report["rtt_ms"]) == ["p50", "p95", "p99"]
    assert 0 < report["rtt_ms"]["p50"] <= report["rtt_ms"]["p95"] <= report["rtt_ms"]["p99"]
    assert report["wall_s"] > 0
    assert report["cpu_s"] > 0


def test_failures_are_counted_by_cause(peer: UdpPeer, tmp_path: Path) -> None:
    targets = tmp_path / "targets"
    lines = ["# four peers", peer_uri(peer), "", peer_uri(), "sip:bad host", "sip:169.254.169.254"]
    targets.write_text("\n".join(lines))
    code, out, _ = run("--targets-file", str(targets), "--count", "2", "--json")
    report = json.loads(out)
    assert code == 1
    assert (report["sent"], report["answered"]) == (8, 0)
    assert report["failed"] == {"uri_invalid": 2, "address_refused": 6}
    code, out, _ = run("--targets-file", str(targets), "--allow-private", "--json")
    report = json.loads(out)
    assert (report["sent"], report["answered"]) == (4, 1)
    assert report["failed"] == {"uri_invalid": 1, "connect_refused": 1, "address_refused": 1}


def test_nothing_answered_leaves_the_round_trips_empty() -> None:
    code, out, _ = run(f"sip:127.0.0.1:{free_port()}", "--allow-private", "--json")
    assert (code, json.loads(out)["rtt_ms"]) == (1, {"p50": None, "p95": None, "p99": None})


def test_people_read_who_answered_and_how_fast(peer: UdpPeer) -> None:
    code, out, _ = run(f"sip:127.0.0.1:{peer.port}", "--allow-private")
    first, second, third = out.splitlines()
    assert code == 0
    assert first.startswith(f"127.0.0.1:{peer.port}/udp: 200 OK in ")
    assert first.endswith(" ms (Edge)")
    assert second == "1 sent, 1 answered, 0 failed"
    assert third.startswith("Round trip in ms: p50 ")


def test_people_read_what_to_do_about_a_failure() -> None:
    code, out, _ = run(f"sip:127.0.0.1:{free_port()}")
    assert code == 1
    assert "1 failed: The address is one we never contact (address_refused)" in out
    assert "add --allow-private" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "Give either one URI or --targets-file"),
        (["sip:a.test", "--targets-file", "x"], "Give either one URI or --targets-file"),
        (["--targets-file", "/nonexistent"], "The targets file cannot be read: No such file or directory."),
        (["--targets-file", "/dev/null"], "The targets file names no peer: write one URI per line."),
    ],
)
def test_unusable_arguments_are_explained(args: list[str], said: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (2, "")
    assert err.startswith(said)


@pytest.mark.parametrize(
    "args", [["--count", "0"], ["--in-flight", "x"], ["--rate", "-1"], ["--rate", "nan"]]
)
def test_wrong_numbers_are_refused(args: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        run("sip:a.test", *args)
    assert refused.value.code == 2


def test_percentiles_are_nearest_ranks() -> None:
    tally = Tally(rtts_ms=[float(number) for number in range(100, 0, -1)])
    assert [tally.percentile(share) for share in (50, 95, 99)] == [50.0, 95.0, 99.0]
    assert Tally(rtts_ms=[7.0]).percentile(50) == 7.0


def test_management_command_pings(peer: UdpPeer, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("sip", "ping", f"sip:127.0.0.1:{peer.port}", allow_private=True, json=True)
    assert (ended.value.code, json.loads(capsys.readouterr().out)["answered"]) == (0, 1)


def test_command_line_works_without_a_database(peer: UdpPeer) -> None:
    nowhere = "postgres://nobody:x@127.0.0.1:1/none"
    environment = os.environ | {
        "DATABASE_URL": nowhere,
        "DATABASE_OWNER_URL": nowhere,
        "PGCONNECT_TIMEOUT": "1",
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [
            *(sys.executable, "manage.py", "sip", "ping", f"sip:127.0.0.1:{peer.port}"),
            *("--allow-private", "--json"),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["answered"] == 1


def test_library_imports_no_django() -> None:
    script = "import sys, callsphere.sip.ping_cli; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=180).returncode == 0
