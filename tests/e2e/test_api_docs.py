"""Every command of docs/api.md, in its order, typed into a shell before a running server."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tenants.context import tenant_context
from tests import databases
from tests.billing.affiliates.conftest import affiliate_token, join
from tests.conftest import Person
from tests.peers import require_peer
from tests.trunks.registering import attempted
from trunks import services
from trunks.enums import DifferenceKind
from trunks.models import ReadinessCheck, Registration, TrunkProvision
from trunks.provisioning.differences import Difference, fingerprint_of

pytestmark = pytest.mark.django_db(transaction=True)

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Shell:
    """A shell in which somebody follows the page."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.variables = variables
        text = (databases.ROOT / "docs" / "api.md").read_text()
        self.blocks = [block for block in BLOCK.findall(text) if "curl" in block]

    def next_answers(self) -> list[dict[str, Any]]:
        """Run the next block; return the JSON documents that it printed."""
        # What the reader puts in by hand stands in the environment already.
        script = re.sub(r"^export .*\n", "", self.blocks.pop(0), flags=re.MULTILINE)
        environment = {"PATH": os.environ["PATH"], **self.variables}
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return list(documents(done.stdout))


def documents(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object in what commands printed: curl ends none with a line."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        document, end = decoder.raw_decode(text, at)
        yield document
        at = text.find("{", end)


def a_plan(person: Person) -> str:
    """Store a plan as a worker does, and return what names it."""
    missing = Difference("domain", "domain", DifferenceKind.MISSING, ours="acme-dental.sip.twilio.com")
    plan = fingerprint_of([missing])
    with tenant_context(person.tenant):
        TrunkProvision.objects.update(
            plan=[missing.as_json], plan_fingerprint=plan, state="planned", due_at=None
        )
    return plan


def test_the_page_tells_the_truth(
    live_server: Any, alice: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_peer("curl")
    # No worker runs here: nothing is sent to these accounts.
    monkeypatch.setattr(settings, "STRIPE_SECRET_KEY", "sk_test_nobody")
    monkeypatch.setattr(settings, "TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setattr(settings, "TWILIO_AUTH_TOKEN", "nobody")
    key = alice.api_token(
        *("trunks:read", "trunks:write", "tenant:read", "tenant:write", "audit:read"),
        *("billing:read", "billing:write", "agents:read", "agents:write"),
        *("calls:read", "calls:write", "calls:export"),
    )
    shell = Shell(tmp_path, CALLSPHERE=f"{live_server.url}/api/v1", KEY=key)

    (tenant,) = shell.next_answers()
    assert tenant["name"] == "Acme Dental"

    (trunk,) = shell.next_answers()
    assert (len(trunk["gateways"]), trunk["credentials"][0]["bound_hosts"]) == (3, ["sip.example.com"])
    shell.variables["TRUNK"] = trunk["id"]

    (health,) = shell.next_answers()
    assert (health["trunk_id"], [each["state"] for each in health["gateways"]]) == (
        trunk["id"],
        ["unknown"] * 3,
    )
    (changes,) = shell.next_answers()
    assert changes["results"] == []
    (history,) = shell.next_answers()
    assert (history["trunk_id"], len(history["gateways"])) == (trunk["id"], 3)
    (asked,) = shell.next_answers()
    assert asked == {"gateways": 3}

    (check,) = shell.next_answers()
    assert (check["state"], len(check["warnings"])) == ("queued", 1)
    shell.variables["CHECK"] = check["id"]
    (read,) = shell.next_answers()
    assert (read["id"], read["state"]) == (check["id"], "queued")
    with tenant_context(alice.tenant):  # no worker runs here, and a report is shared when it is complete
        row = ReadinessCheck.objects.get(pk=check["id"])
        services.cancel_check(tenant=alice.tenant, actor=alice.actor, check=row)
    assert shell.next_answers() == []
    assert (tmp_path / "check.txt").read_text() == "Stopped\n"
    assert (tmp_path / "check.pcap").read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    schedule, share = shell.next_answers()
    assert (schedule["every_hours"], share["url"].rsplit("/", 2)[0]) == (24, f"{settings.PUBLIC_URL}/reports")

    (registration,) = shell.next_answers()
    assert (registration["username"], registration["status"]["state"]) == ("4930123456", "registering")
    with tenant_context(alice.tenant):
        stored = Registration.objects.get(pk=registration["id"])
    (attempt,) = attempted(alice, stored)
    shell.variables["ATTEMPT"] = str(attempt.pk)
    attempts, whole = shell.next_answers()
    assert [each["id"] for each in attempts["results"]] == [str(attempt.pk)]
    assert [each["summary"] for each in whole["messages"]] == ["REGISTER", "401 Unauthorized"]

    (search,) = shell.next_answers()
    assert (search["state"], search["area_code"], search["found"]) == ("waiting", "415", [])
    ordered, listed = shell.next_answers()
    assert (ordered["state"], ordered["label"]) == ("ordered", "Front desk")
    assert [each["id"] for each in listed["results"]] == [ordered["id"]]

    (own,) = shell.next_answers()
    assert (own["state"], own["trunk_id"]) == ("unverified", trunk["id"])
    shell.variables["NUMBER"] = own["id"]
    call, read = shell.next_answers()
    assert (call["state"], read["id"]) == ("waiting", call["id"])
    planned, read = shell.next_answers()
    assert (planned["state"], read["domain_name"]) == ("new", "acme-dental.sip.twilio.com")
    shell.variables["PLAN"] = a_plan(alice)
    (applied,) = shell.next_answers()
    assert (applied["state"], [each["key"] for each in applied["differences"]]) == ("applying", ["domain"])
    follow_the_agent(shell, number=ordered["id"])

    missed, month = shell.next_answers()
    assert (missed["results"], len(month["days"])) == ([], 31)
    assert (tmp_path / "calls.csv").read_text().startswith("id,started_at,")

    plans, subscription, asked = shell.next_answers()
    assert [each["code"] for each in plans["results"]] == ["one", "three", "ten"]
    assert (subscription["status"], asked["state"], asked["plan"]) == ("none", "waiting", "three")

    affiliate = join(alice)
    shell.variables["AFFILIATE_KEY"] = affiliate_token(affiliate)
    figures, statement, payouts = shell.next_answers()
    assert (figures["code"], figures["terms"]["share"], figures["balances"]) == ("alice", 2_200, [])
    assert (statement["month"], statement["entries"], payouts["results"]) == ("2026-03", [], [])

    (changed,) = shell.next_answers()
    assert (changed["name"], changed["version"]) == ("Telnyx Frankfurt", 2)
    (listed,) = shell.next_answers()
    assert listed == {"next": None, "previous": None, "results": []}
    assert shell.blocks == []


def follow_the_agent(shell: Shell, *, number: str) -> None:
    """Make a tool, an agent and a route as the page says."""
    (tool,) = shell.next_answers()
    assert (tool["header_names"], tool["signing_secret"][:6]) == (["Authorization"], "whsec_")
    shell.variables |= {"TOOL": tool["id"], "NUMBER": number}
    test, log = shell.next_answers()
    assert (test["outcome"], test["arguments"]) == ("", {"day": "text of 10"})
    assert [each["id"] for each in log["results"]] == [test["id"]]
    (agent,) = shell.next_answers()
    assert (agent["name"], agent["published_version"], agent["tool_ids"]) == (
        "Front desk",
        None,
        [tool["id"]],
    )
    shell.variables["AGENT"] = agent["id"]
    published, changes = shell.next_answers()
    assert (published["published_version"], changes) == (1, {"results": []})
    (hours,) = shell.next_answers()
    shell.variables["HOURS"] = hours["id"]
    (route,) = shell.next_answers()
    assert (route["number"], route["pinned_version"]) == ("+14155550101", None)
    shell.variables["ROUTE"] = route["id"]
    (decision,) = shell.next_answers()
    text = (databases.ROOT / "docs" / "api.md").read_text()
    (told,) = [
        json.loads(block)
        for block in re.findall(r"^```json\n(.*?)^```", text, re.M | re.S)
        if "because" in block
    ]
    assert decision == told
