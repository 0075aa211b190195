"""Folders for servers of a test's own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsphere.local.home import remove_elsewhere
from callsphere.local.paths import make_folder


@pytest.fixture
def local() -> Iterator[Path]:
    """A `.local` that everybody may enter; pytest's own folders are for their owner alone."""
    folder = make_folder(Path(tempfile.mkdtemp(prefix="callsphere-test-")), 0o755)
    yield make_folder(folder / ".local", 0o755)
    shutil.rmtree(folder)


@pytest.fixture
def private_local() -> Iterator[Path]:
    """A `.local` inside a folder that only its owner may enter."""
    folder = make_folder(Path(tempfile.mkdtemp(prefix="callsphere-test-")), 0o700)
    yield make_folder(folder / ".local", 0o755)
    remove_elsewhere(folder / ".local")
    shutil.rmtree(folder)
