""".env.example names every variable that the settings read."""

import re

from callsphere.local.paths import ROOT

# Set by manage.py, not by people.
NOT_FOR_PEOPLE = {"DATABASE_ROLE"}


def test_every_variable_is_explained() -> None:
    settings = (ROOT / "callsphere" / "settings.py").read_text()
    read = set(re.findall(r"env\.[a-z_]+\(\s*\"([A-Z_]+)\"", settings)) | {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
    }
    explained = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))

    assert read - NOT_FOR_PEOPLE - explained == set()
