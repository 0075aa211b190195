"""The OpenAPI document and the page that shows it."""

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from tests.databases import ROOT

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(client: Client, db: None) -> dict[str, Any]:
    response = client.get("/api/v1/schema/")
    assert response.status_code == 200
    return response.json()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_generator_has_nothing_to_warn_about() -> None:
    command = [
        sys.executable,
        "manage.py",
        "spectacular",
        "--validate",
        "--fail-on-warn",
        "--file",
        "/dev/null",
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


# Set as a whole, or made and ended: nobody edits what somebody else has edited.
WITHOUT_VERSION = {
    "/api/v1/trunks/{trunk_id}/check-schedule/",
    "/api/v1/trunks/{trunk_id}/checks/{check_id}/shares/{id}/",
    "/api/v1/trunks/{trunk_id}/provision/numbers/{id}/",
    "/api/v1/phone-numbers/{number_id}/emergency-address/",
}


def test_version_and_paths(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {
        "/api/v1/tenant/",
        "/api/v1/trunks/",
        "/api/v1/trunks/{id}/",
        "/api/v1/trunks/{trunk_id}/gateways/",
        "/api/v1/trunks/{trunk_id}/gateways/{id}/",
        "/api/v1/trunks/{trunk_id}/networks/",
        "/api/v1/trunks/{trunk_id}/networks/{id}/",
        "/api/v1/trunks/{trunk_id}/credentials/",
        "/api/v1/trunks/{trunk_id}/credentials/{id}/",
        "/api/v1/trunks/{trunk_id}/health-policy/",
        "/api/v1/trunks/{trunk_id}/session-timer-policy/",
        "/api/v1/trunks/{trunk_id}/health/",
        "/api/v1/trunks/{trunk_id}/health/history/",
        "/api/v1/trunks/{trunk_id}/probe/",
        "/api/v1/trunks/{trunk_id}/checks/",
        "/api/v1/trunks/{trunk_id}/checks/{id}/",
        "/api/v1/trunks/{trunk_id}/checks/{id}/cancel/",
        "/api/v1/trunks/{trunk_id}/checks/{check_id}/shares/",
        "/api/v1/trunks/{trunk_id}/checks/{check_id}/shares/{id}/",
        "/api/v1/trunks/{trunk_id}/check-schedule/",
        "/api/v1/trunks/{trunk_id}/provision/",
        "/api/v1/trunks/{trunk_id}/provision/look-now/",
        "/api/v1/trunks/{trunk_id}/provision/apply/",
        "/api/v1/trunks/{trunk_id}/provision/take/",
        "/api/v1/trunks/{trunk_id}/provision/numbers/",
        "/api/v1/trunks/{trunk_id}/provision/numbers/{id}/",
        "/api/v1/trunks/{trunk_id}/registration/",
        "/api/v1/trunks/{trunk_id}/registration/pause/",
        "/api/v1/trunks/{trunk_id}/registration/resume/",
        "/api/v1/trunks/{trunk_id}/registration/register-now/",
        "/api/v1/trunks/{trunk_id}/registration/attempts/",
        "/api/v1/trunks/{trunk_id}/registration/attempts/{id}/",
        "/api/v1/trunks/{trunk_id}/registration/changes/",
        "/api/v1/trunks/{trunk_id}/registration/changes/{id}/",
        "/api/v1/trunks/{trunk_id}/status-changes/",
        "/api/v1/trunks/{trunk_id}/status-changes/{id}/",
        "/api/v1/trunks/{trunk_id}/checks/{id}/text/",
        "/api/v1/trunks/{trunk_id}/checks/{id}/pcap/",
        "/api/v1/carrier-presets/",
        "/api/v1/trusted-authorities/",
        "/api/v1/trusted-authorities/{id}/",
        "/api/v1/client-certificates/",
        "/api/v1/client-certificates/{id}/",
        "/api/v1/phone-numbers/",
        "/api/v1/phone-numbers/{id}/",
        "/api/v1/agents/",
        "/api/v1/agents/{id}/",
        "/api/v1/agents/{id}/publish/",
        "/api/v1/agents/{id}/roll-back/",
        "/api/v1/agents/{id}/changes/",
        "/api/v1/agents/{agent_id}/versions/",
        "/api/v1/agents/{agent_id}/versions/{id}/",
        "/api/v1/agents/{agent_id}/versions/{id}/changes/",
        "/api/v1/agent-templates/",
        "/api/v1/tools/",
        "/api/v1/tools/{id}/",
        "/api/v1/tools/{id}/test/",
        "/api/v1/tools/{id}/signing-secret/",
        "/api/v1/tools/{tool_id}/invocations/",
        "/api/v1/tools/{tool_id}/invocations/{id}/",
        "/api/v1/business-hours/",
        "/api/v1/business-hours/{id}/",
        "/api/v1/number-routes/",
        "/api/v1/number-routes/{id}/",
        "/api/v1/number-routes/{id}/dry-run/",
        "/api/v1/call-retention/",
        "/api/v1/calls/",
        "/api/v1/calls/{id}/",
        "/api/v1/calls/{id}/hang-up/",
        "/api/v1/calls/export/",
        "/api/v1/calls/summary/",
        "/api/v1/caller-messages/",
        "/api/v1/caller-messages/{id}/",
        "/api/v1/caller-messages/{id}/handle/",
        "/api/v1/caller-messages/{id}/reopen/",
        "/api/v1/callbacks/",
        "/api/v1/callbacks/{id}/",
        "/api/v1/callbacks/{id}/handle/",
        "/api/v1/callbacks/{id}/reopen/",
        "/api/v1/do-not-call/",
        "/api/v1/do-not-call/{id}/",
        "/api/v1/campaigns/",
        "/api/v1/campaigns/{id}/",
        "/api/v1/campaigns/{id}/start/",
        "/api/v1/campaigns/{id}/pause/",
        "/api/v1/campaigns/{id}/resume/",
        "/api/v1/campaigns/{id}/cancel/",
        "/api/v1/campaigns/{id}/results/",
        "/api/v1/campaigns/{campaign_id}/contacts/",
        "/api/v1/campaigns/{campaign_id}/contacts/{id}/",
        "/api/v1/campaigns/{campaign_id}/contacts/upload/",
        "/api/v1/escalation-policies/",
        "/api/v1/escalation-policies/{id}/",
        "/api/v1/escalations/",
        "/api/v1/escalations/{id}/",
        "/api/v1/escalations/{id}/cancel/",
        "/api/v1/on-call-people/",
        "/api/v1/on-call-people/{id}/",
        "/api/v1/outbound-calls/",
        "/api/v1/outbound-calls/{id}/",
        "/api/v1/outbound-calls/{id}/cancel/",
        "/api/v1/voice-messages/",
        "/api/v1/voice-messages/{id}/",
        "/api/v1/voice-messages/{id}/handle/",
        "/api/v1/voice-messages/{id}/reopen/",
        "/api/v1/voice-messages/{id}/sound/",
        "/api/v1/text-messages/",
        "/api/v1/text-messages/{id}/",
        "/api/v1/call-events/",
        "/api/v1/call-events/{id}/",
        "/api/v1/phone-numbers/{number_id}/verification/",
        "/api/v1/phone-numbers/{number_id}/emergency-address/",
        "/api/v1/phone-numbers/{id}/look/",
        "/api/v1/number-searches/",
        "/api/v1/number-searches/{id}/",
        "/api/v1/plans/",
        "/api/v1/subscription/",
        "/api/v1/invoices/",
        "/api/v1/invoices/{id}/",
        "/api/v1/billing-requests/",
        "/api/v1/billing-requests/{id}/",
        "/api/v1/affiliate/",
        "/api/v1/affiliate/payouts/",
        "/api/v1/affiliate/statements/{month}/",
        "/api/v1/incidents/",
        "/api/v1/incidents/{id}/",
        "/api/v1/incidents/{id}/resolve/",
        "/api/v1/audit-events/",
        "/api/v1/audit-events/{id}/",
    }


def test_methods_stand_in_the_same_order_in_every_process(document: dict[str, Any]) -> None:
    assert [list(item) for item in document["paths"].values()] == [
        [method for method in METHODS if method in item] for item in document["paths"].values()
    ]


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _method, _path, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for method, path, operation in operations(document):
        assert operation["summary"], (method, path)
        assert {"401", "403", "429"} <= set(operation["responses"]), (method, path)
        for status, answer in operation["responses"].items():
            if status >= "400":
                (schema,) = answer["content"]["application/problem+json"]["schema"].values()
                name = "VersionConflict" if status == "412" else "Problem"
                assert schema == f"#/components/schemas/{name}"


def test_each_operation_names_the_key_that_it_takes(document: dict[str, Any]) -> None:
    for _method, path, operation in operations(document):
        scheme = "affiliateKey" if path.startswith("/api/v1/affiliate/") else "apiKey"
        assert operation["security"] == [{scheme: []}], path
    formats = {
        name: scheme["bearerFormat"] for name, scheme in document["components"]["securitySchemes"].items()
    }
    assert formats == {"apiKey": "cs_live_…", "affiliateKey": "cs_aff_…"}


def test_edits_ask_for_a_version_and_posts_take_a_key(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        headers = {each["name"]: each for each in operation.get("parameters", []) if each["in"] == "header"}
        if method == "post":
            assert set(headers) == {"Idempotency-Key"}, path
        elif method in ("put", "patch", "delete") and path not in WITHOUT_VERSION:
            assert headers["If-Match"]["required"] is True, path
            assert {"412", "428"} <= set(operation["responses"])
        else:
            assert headers == {}, path


def test_secrets_are_taken_and_never_given(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    holders = {name for name, schema in schemas.items() if "secret" in schema.get("properties", {})}
    assert holders == {
        "CredentialRequest",
        "PatchedCredentialRequest",
        "RegistrationRequest",
        "PatchedRegistrationRequest",
        "RegistrationAccountRequest",
    }


def test_the_page_takes_nothing_from_elsewhere(client: Client, db: None) -> None:
    response = client.get("/api/v1/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "http" not in page.replace("http-equiv", "")
    assert "<script>" not in page
    assert "unsafe" not in response.headers["Content-Security-Policy"]
