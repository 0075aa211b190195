"""Runs `manage.py` commands side by side, quietly while all is well."""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from callsphere.local.errors import CannotStart
from callsphere.local.paths import ROOT


def run(env: Mapping[str, str], *commands: Sequence[str]) -> list[str]:
    """Run the commands at the same time and return what each printed (warnings and logs apart).

    Raises CannotStart with the output of the first that fails; the others are stopped then.
    """
    running = [(command, _begin(env, command)) for command in commands]
    try:
        return [_finish(command, process) for command, process in running]
    finally:
        for _command, process in running:
            if process.poll() is None:
                process.terminate()
                process.communicate()


def _begin(env: Mapping[str, str], command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(command: Sequence[str], process: subprocess.Popen[str]) -> str:
    output, complaints = process.communicate()
    if process.returncode:
        raise CannotStart(f"`manage.py {' '.join(command)}` failed:\n{output}{complaints}".rstrip())
    return output
