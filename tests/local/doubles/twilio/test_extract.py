"""The extract of Twilio's documents: what is taken from them, and that what we have is of that form."""

import json
from pathlib import Path
from typing import Any

from callsphere.local.doubles.twilio import extract, specification

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/v1/ByocTrunks": {
            "servers": [{"url": "https://voice.twilio.com"}],
            "post": {
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "properties": {
                                    "VoiceMethod": {"$ref": "#/components/schemas/method"},
                                    "FriendlyName": {"type": "string", "description": "left out"},
                                },
                                "required": ["FriendlyName"],
                            }
                        }
                    }
                },
                "responses": {
                    "201": {"content": {"application/json": {"schema": {"properties": {"sid": {}}}}}}
                },
            },
        },
        "/v1/Unwanted": {"servers": [{"url": "https://voice.twilio.com"}], "post": {}},
    },
    "components": {"schemas": {"method": {"type": "string", "enum": ["GET", "POST"]}}},
}


def test_fields_of_wanted_operations_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / extract.FOLDER
    folder.mkdir(parents=True)
    package = {"name": "@twilio/cli-core", "version": "1.2.3", "license": "MIT"}
    (tmp_path / "package.json").write_text(json.dumps(package))
    for name in extract.WANTED:
        document = DOCUMENT if name == "voice_v1" else {"paths": {}}
        (folder / f"twilio_{name}.json").write_text(json.dumps(document))
    target = tmp_path / "operations.json"

    extract.write(extract.extract(tmp_path), target)

    assert json.loads(target.read_text()) == {
        "from": "@twilio/cli-core 1.2.3, MIT licence, Twilio, Inc.",
        "operations": [
            {
                "host": "voice.twilio.com",
                "method": "POST",
                "path": "/v1/ByocTrunks",
                "in_path": {},
                "in_query": {},
                "in_form": {
                    "VoiceMethod": {"type": "string", "enum": ["GET", "POST"]},
                    "FriendlyName": {"type": "string", "required": True},
                },
                "status": 201,
                "answer": ["sid"],
            }
        ],
    }


def test_every_operation_belongs_to_twilio_and_is_found_by_its_path() -> None:
    for operation in specification.operations():
        assert operation.host.endswith(".twilio.com")
        assert specification.find(operation.host, operation.method, operation.path) is operation


def test_ids_tell_which_resource_a_path_means() -> None:
    account = "/2010-04-01/Accounts/AC" + "0" * 32

    found = specification.match("api.twilio.com", "GET", f"{account}/Calls/CA{'1' * 32}.json")

    assert found
    assert found[0].path == "/2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json"
    assert found[1] == {"AccountSid": "AC" + "0" * 32, "Sid": "CA" + "1" * 32}
    assert specification.match("api.twilio.com", "GET", f"{account}/Calls/PN{'1' * 32}.json") is None
