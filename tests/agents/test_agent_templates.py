"""Template files, and what is said in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import agent_templates as module
from agents.agent_templates import FOLDER, agent_templates, check_templates, parse_template

FILE = (FOLDER / "healthcare-receptionist.toml").read_text()


def test_every_file_can_be_used() -> None:
    assert [(each.key, each.name) for each in agent_templates().values()] == [
        ("healthcare-receptionist", "Healthcare receptionist")
    ]


def test_receptionist_keeps_to_the_telephone_and_to_safety() -> None:
    receptionist = agent_templates()["healthcare-receptionist"]
    assert "Never give medical advice" in receptionist.safety_rules
    assert "911" in receptionist.safety_rules
    assert {"transfer_to_human", "escalate", "take_message"} <= set(receptionist.builtin_tools)
    for tool in ("check_business_hours", "transfer_to_human", "hang_up"):
        assert tool in receptionist.instructions
    assert "automated assistant" in receptionist.consent_text


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ('voice = "marin"', 'voice = "bob"', "voice: choose one of"),
        ('"hang_up",', '"dance",', "unknown dance"),
        ("version = 1", 'version = "1"', "version is no int"),
        ("version = 1", "version = 1\nspeed = 2", "unknown: speed"),
        (
            "[name of the practice]. How",
            "[our name]. How",
            r"differs from the words in brackets: .*\[our name\]",
        ),
    ],
)
def test_mistakes_are_named(before: str, after: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake):
        parse_template("receptionist", FILE.replace(before, after))


def test_a_key_is_plain() -> None:
    with pytest.raises(ValueError, match="a-z"):
        parse_template("Healthcare Receptionist", FILE)


def test_a_mistake_is_told_when_the_product_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_templates(None) == []
    (tmp_path / "broken.toml").write_text("name = 1")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    agent_templates.cache_clear()
    (found,) = check_templates(None)
    agent_templates.cache_clear()
    assert (found.id, found.msg) == ("agents.E001", "Agent template broken.toml: name is no str")
