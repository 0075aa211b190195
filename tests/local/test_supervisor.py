"""The supervisor: one process's end ends all, a stubborn one is killed, nothing outlives the supervisor."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

# A supervisor of two processes that write their ids and those of a child each; the second one's
# code is changed by the script's second argument.
SCRIPT = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from callsphere.local import supervisor
    from callsphere.local.procfile import Command

    folder = Path(sys.argv[1])
    supervisor.PATIENCE = 1.0
    family = '''
    import os, signal, subprocess, sys, time, pathlib
    {stubborn}
    child = subprocess.Popen(["sleep", "600"])
    folder = pathlib.Path({folder!r})
    (folder / f"{{os.getpid()}}-{{child.pid}}.pids").touch()
    {then}
    '''
    def command(name, stubborn="", then="signal.pause()"):
        import textwrap
        code = textwrap.dedent(family).format(folder=str(folder), stubborn=stubborn, then=then)
        return Command(name, ("-c", code))

    env = {"PATH": "/usr/bin:/bin"}
    manager = supervisor.Supervisor(folder=folder, env=env, logs=folder, on_started=lambda: None)
    manager.add(command("web"))
    manager.add(command("work", **eval(sys.argv[2])))
    manager.loop()
    print(manager.asked_to_stop, manager.first_to_end)
    """
)
IGNORES_SIGTERM = {"stubborn": "signal.signal(signal.SIGTERM, signal.SIG_IGN)"}


def start(folder: Path, work: dict[str, str] | None = None) -> tuple[subprocess.Popen[str], set[int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, folder, repr(work or {})], stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while len(files := list(folder.glob("*.pids"))) < 2:
        assert time.monotonic() < deadline, "the processes did not start"
        time.sleep(0.05)
    leaders_and_children = {int(pid) for file in files for pid in file.stem.split("-")}
    return process, leaders_and_children


def alive(pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z":
            found.add(pid)
    return found


def wait_for_end(pids: set[int]) -> set[int]:
    """Those that a minute does not end: each would live for ten."""
    deadline = time.monotonic() + 60
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive(pids)


def leaders(folder: Path) -> set[int]:
    return {int(file.stem.split("-")[0]) for file in folder.glob("*.pids")}


def end_children(pids: set[int]) -> None:
    """A leader that SIGTERM ends leaves its own children to itself; the test's have to go too."""
    for pid in alive(pids):
        os.kill(pid, signal.SIGKILL)


def test_signal_ends_every_process(tmp_path: Path) -> None:
    process, pids = start(tmp_path)
    try:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)

        assert wait_for_end(leaders(tmp_path)) == set()
        assert output.startswith("Stopping ...\nTrue ")
    finally:
        end_children(pids)


def test_stubborn_process_is_killed_with_its_children(tmp_path: Path) -> None:
    process, pids = start(tmp_path, IGNORES_SIGTERM)
    try:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

        assert wait_for_end(pids) == set()
    finally:
        end_children(pids)


# Ends by itself, but only once the other process has said that it is there: its end would take a
# slower starter along before the test has seen it.
ENDS_BY_ITSELF = {
    "then": "while len(list(folder.glob('*.pids'))) < 2: time.sleep(0.02)\n"
    "child.kill(); print('out of luck'); sys.exit(3)"
}


def test_one_end_ends_all_and_is_named(tmp_path: Path) -> None:
    process, pids = start(tmp_path, ENDS_BY_ITSELF)
    try:
        output, _ = process.communicate(timeout=60)

        assert output == "Stopping ...\nFalse work\n"
        assert wait_for_end(leaders(tmp_path)) == set()
        assert (tmp_path / "work.log").read_text() == "out of luck\n"
    finally:
        end_children(pids)


def test_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    process, pids = start(tmp_path)
    try:
        process.kill()
        process.communicate(timeout=60)

        assert wait_for_end(leaders(tmp_path)) == set()
    finally:
        end_children(pids)
