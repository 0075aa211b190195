"""Writes `operations.json`, the part of Twilio's OpenAPI documents that we use.

Twilio publishes the documents in the repository twilio/twilio-oai (`spec/json/twilio_api_v2010.json` and its
siblings) and ships them in the npm package @twilio/cli-core, MIT licence, in `src/services/twilio-api/`. They
are eighteen megabytes together; the double and the tests need what is said of some hundred requests:

    npm pack @twilio/cli-core && tar xzf twilio-cli-core-*.tgz
    .venv/bin/python -m callsphere.local.doubles.twilio.extract package

To use another operation, add its path to `WANTED` and run it again.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("operations.json")
FOLDER = "src/services/twilio-api"
_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
# Document, then paths (regular expressions, whole) of which every method is taken.
WANTED: Mapping[str, tuple[str, ...]] = {
    "api_v2010": (
        r"/2010-04-01/Accounts(/\{Sid\})?\.json",
        *(
            re.escape(_ACCOUNT) + rest
            for rest in (
                r"/(Keys|IncomingPhoneNumbers|OutgoingCallerIds|Addresses|Calls|Recordings|Messages)(/\{Sid\})?\.json",
                r"/Calls/\{CallSid\}/Recordings\.json",
                r"/AvailablePhoneNumbers(/\{CountryCode\}/(Local|TollFree|Mobile|National))?\.json",
                r"/SIP/(Domains|CredentialLists|IpAccessControlLists)(/\{Sid\})?\.json",
                r"/SIP/CredentialLists/\{CredentialListSid\}/Credentials(/\{Sid\})?\.json",
                r"/SIP/IpAccessControlLists/\{IpAccessControlListSid\}/IpAddresses(/\{Sid\})?\.json",
                r"/SIP/Domains/\{DomainSid\}/Auth/Calls/\w+Mappings(/\{Sid\})?\.json",
                r"/SIP/Domains/\{DomainSid\}/Auth/Registrations/\w+Mappings(/\{Sid\})?\.json",
            )
        ),
    ),
    "trunking_v1": (r"/v1/Trunks.*",),
    "voice_v1": (r"/v1/ByocTrunks.*", r"/v1/ConnectionPolicies.*"),
    "trusthub_v1": (
        r"/v1/(CustomerProfiles|TrustProducts|EndUsers|SupportingDocuments)(/\{Sid\})?",
        r"/v1/(CustomerProfiles|TrustProducts)/\{\w+\}/(ChannelEndpoint|Entity)Assignments(/\{Sid\})?",
    ),
    "numbers_v2": (r"/v2/RegulatoryCompliance/(Regulations|Bundles)(/\{Sid\})?",),
    "messaging_v1": (
        r"/v1/Services(/\{Sid\})?",
        r"/v1/Services/\{\w+\}/PhoneNumbers(/\{Sid\})?",
        r"/v1/Services/\{\w+\}/Compliance/Usa2p(/\{Sid\})?",
        r"/v1/Tollfree/Verifications(/\{Sid\})?",
    ),
}
_METHODS = ("get", "post", "delete")
_PAGING = {"meta", "uri", "start", "end", "page", "page_size"} | {
    f"{which}_page_uri" for which in ("first", "next", "previous")
}


def extract(folder: Path) -> dict[str, Any]:
    """Return the operations in the documents of an unpacked @twilio/cli-core."""
    package = json.loads((folder / "package.json").read_text())
    operations = [
        operation
        for name, patterns in WANTED.items()
        for operation in _operations(
            json.loads((folder / FOLDER / f"twilio_{name}.json").read_text()), patterns
        )
    ]
    return {
        "from": f"{package['name']} {package['version']}, {package['license']} licence, Twilio, Inc.",
        "operations": operations,
    }


def _operations(document: dict[str, Any], patterns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for path, item in document["paths"].items():
        if any(re.fullmatch(pattern, path) for pattern in patterns):
            host = item["servers"][0]["url"].removeprefix("https://")
            for method in _METHODS:
                if method in item:
                    found = _operation(document, item[method])
                    yield {"host": host, "method": method.upper(), "path": path, **found}


def _operation(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [_resolve(document, each) for each in operation.get("parameters", [])]
    fields = {
        f"in_{where}": {
            each["name"]: _field(document, each["schema"], required=each.get("required", False))
            for each in parameters
            if each["in"] == where
        }
        for where in ("path", "query")
    }
    body = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
    schema = _resolve(document, body.get("schema", {}))
    required = schema.get("required", [])
    form = {
        name: _field(document, each, required=name in required)
        for name, each in schema.get("properties", {}).items()
    }
    return {**fields, "in_form": form, **_answer(document, operation)}


def _answer(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """Return status and, of what is answered, the names; for a list also under which key its rows are."""
    status, response = next((code, each) for code, each in operation["responses"].items() if code[0] == "2")
    content = response.get("content", {}).get("application/json", {})
    schema = _resolve(document, content.get("schema", {}))
    properties = schema.get("properties", {})
    keys = [name for name in properties if name not in _PAGING and properties[name].get("type") == "array"]
    if not keys or not (set(properties) & {"meta", "next_page_uri"}):
        return {"status": int(status), "answer": list(properties)}
    rows = _resolve(document, properties[keys[0]]["items"])
    return {"status": int(status), "list": keys[0], "answer": list(rows.get("properties", {}))}


def _field(document: dict[str, Any], schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    schema = _resolve(document, schema)
    kept = ("type", "format", "pattern", "enum", "minimum", "maximum", "minLength", "maxLength")
    found = {name: schema[name] for name in kept if schema.get(name) is not None}
    if "items" in schema:
        found["items"] = _field(document, schema["items"], required=False)
    return {**found, "required": True} if required else found


def _resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow references; of alternatives take the first, which is what unversioned requests are answered."""
    while "$ref" in node or "oneOf" in node:
        if "oneOf" in node:
            node = node["oneOf"][0]
            continue
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def write(found: Mapping[str, Any], target: Path) -> None:
    """Write one operation a line, so that a difference is read as one."""
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in found["operations"])
    target.write_text(f'{{"from": {json.dumps(found["from"])},\n"operations": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m callsphere.local.doubles.twilio.extract FOLDER_OF_THE_PACKAGE")
    write(extract(Path(sys.argv[1])), TARGET)
    print(f"{TARGET}: {len(json.loads(TARGET.read_text())['operations'])} operations")
