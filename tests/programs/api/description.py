"""The published description of the API as a judge of requests and answers.

Stricter than the description itself: a member that a schema does not name is an objection,
and so is an error that is not in the API's shape, whatever its status."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema

_FILES = [Path(__file__).parent / "data" / name for name in (
    "openapi-certificates.json", "openapi-audit-projects-keys.json")]
_BASE = "/v1"


def _merge_all_of(schemas: dict):
    """Makes one object of a schema that is said to be several, so that it can be closed."""
    for schema in schemas.values():
        for part in schema.pop("allOf", []):
            part = schemas[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
            schema["type"] = "object"
            schema["properties"] = schema.get("properties", {}) | part["properties"]
            schema["required"] = schema.get("required", []) + part.get("required", [])


def _forbid_unknown(schema):
    """Closes every object of a schema that says which members it has."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema["additionalProperties"] = False
        for value in schema.values():
            _forbid_unknown(value)
    elif isinstance(schema, list):
        for value in schema:
            _forbid_unknown(value)


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    pattern: re.Pattern
    spec: dict


class Description:
    def __init__(self):
        document: dict = {"paths": {}, "components": {}}
        for part in (json.loads(path.read_text("utf-8")) for path in _FILES):
            document["paths"] |= part["paths"]
            for kind, members in part["components"].items():
                document["components"].setdefault(kind, {}).update(members)
        self.components = document["components"]
        self.strict = copy.deepcopy(self.components)
        _merge_all_of(self.strict["schemas"])
        _forbid_unknown(self.strict)
        self.operations = [
            Operation(spec["operationId"], method.upper(), _pattern(template), spec)
            for template, methods in document["paths"].items()
            for method, spec in methods.items()
        ]
        # A fixed path goes before one with a parameter in the same place.
        self.operations.sort(key=lambda op: op.pattern.pattern.count("[^/]"))

    def find(self, method: str, target: str) -> Operation | None:
        path = unquote(urlsplit(target).path)
        for operation in self.operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                return operation
        return None

    def _check(self, schema: dict, value, components: dict, where: str) -> list[str]:
        validator = jsonschema.Draft202012Validator({**schema, "components": components})
        return [
            f"{where}{''.join(f'[{part!r}]' for part in error.absolute_path)}: "
            f"{error.message}"
            for error in validator.iter_errors(value)
        ]

    def request_objections(self, method: str, target: str, headers, body: bytes) -> list[str]:
        operation = self.find(method, target)
        if operation is None:
            return [f"{method} {target}: no such operation"]
        found = self._query_objections(operation, target)
        wanted = operation.spec.get("requestBody")
        if wanted is None:
            return found + ([f"{operation.id}: a body is sent"] if body else [])
        if _media_type(headers) != "application/json":
            found.append(f"{operation.id}: the body's type is {headers.get('Content-Type')}")
        schema = wanted["content"]["application/json"]["schema"]
        try:
            value = _strict_json(body)
        except ValueError as wrong:
            return found + [f"{operation.id}: the body is not JSON: {wrong}"]
        return found + self._check(schema, value, self.strict, f"{operation.id} body")

    def _query_objections(self, operation: Operation, target: str) -> list[str]:
        found = []
        known = {name: schema for p in operation.spec.get("parameters", [])
                 if p["in"] == "query" for name, schema in _parameter_names(p)}
        for name, value in parse_qsl(urlsplit(target).query, keep_blank_values=True):
            name = name.removesuffix("[]")
            schema = known.get(name)
            if schema is None:
                found.append(f"{operation.id}: unknown parameter {name}")
                continue
            if schema["type"] == "array":
                schema = schema["items"]
            if schema.get("type") == "integer":
                value = int(value) if re.fullmatch(r"-?\d+", value) else value
            if schema.get("type") == "boolean":
                value = {"true": True, "false": False}.get(value, value)
            found += self._check(schema, value, self.components, f"{operation.id} {name}")
        return found

    def answer_objections(self, method: str, target: str, status: int, headers,
                          body: bytes) -> list[str]:
        where = f"{method} {target} {status}"
        found = _header_objections(where, status, headers)
        if status in (204, 304) or method == "HEAD":
            return found + ([f"{where}: has a body"] if body else [])
        if _media_type(headers) != "application/json":
            return found + [f"{where}: the type is {headers.get('Content-Type')}"]
        try:
            value = _strict_json(body)
        except ValueError as wrong:
            return found + [f"{where}: not JSON: {wrong}: {body[:200]!r}"]
        if status != 200:
            schema = {"$ref": "#/components/schemas/ErrorResponse"}
            return found + self._check(schema, value, self.strict, where)
        operation = self.find(method, target)
        if operation is None:
            return found + [f"{where}: succeeds, and there is no such operation"]
        schema = operation.spec["responses"]["200"]["content"]["application/json"]["schema"]
        schema = copy.deepcopy(schema)
        _forbid_unknown(schema)
        found += self._check(schema, value, self.strict, where)
        return found + _prose_objections(where, operation, target, value)


def _parameter_names(parameter: dict):
    """Names in a query, without brackets behind them, and their schemas: an object's members
    are parameters of their own, as in effective_at[gte]=1."""
    name, schema = parameter["name"].removesuffix("[]"), parameter["schema"]
    if schema["type"] == "object":
        return [(f"{name}[{member}]", of) for member, of in schema["properties"].items()]
    return [(name, schema)]


def _pattern(template: str) -> re.Pattern:
    parts = re.split(r"\{[^}]+\}", _BASE + template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _media_type(headers) -> str:
    return (headers.get("Content-Type") or "").split(";")[0].strip().lower()


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def _refuse_duplicates(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member comes twice")
    return made


def _strict_json(body: bytes):
    return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant,
                      object_pairs_hook=_refuse_duplicates)


def _header_objections(where: str, status: int, headers) -> list[str]:
    found = []
    retry = headers.get("Retry-After")
    if retry is not None and not re.fullmatch(r"[1-9]\d*", retry):
        found.append(f"{where}: Retry-After is {retry!r}")
    if status == 405 and not headers.get("Allow"):
        found.append(f"{where}: no Allow")
    if status == 401 and not headers.get("WWW-Authenticate"):
        found.append(f"{where}: no WWW-Authenticate")
    return found


def _prose_objections(where: str, operation: Operation, target: str, value) -> list[str]:
    """What the description says in words: what `object` is, who shows `active` and
    `content`, how the cursors belong to the items."""
    found = []
    schema = operation.spec["responses"]["200"]["content"]["application/json"]["schema"]
    kind = schema.get("$ref", "").rsplit("/", 1)[-1]
    if kind == "Certificate":
        if value.get("object") != "certificate" or "active" in value:
            found.append(f"{where}: a single certificate is 'certificate' without 'active'")
        query = parse_qsl(urlsplit(target).query)
        asked = any(n.removesuffix("[]") == "include" and v == "content" for n, v in query)
        if ("content" in value.get("certificate_details", {})) != (
            asked and operation.method == "GET"
        ):
            found.append(f"{where}: content is there just when it is asked for")
    if "has_more" in value:
        ids = [item.get("id") for item in value["data"]] or [None]
        if (value["first_id"], value["last_id"]) != (ids[0], ids[-1]):
            found.append(f"{where}: first_id and last_id are not those of data")
        if value["has_more"] and ids == [None]:
            found.append(f"{where}: an empty page has more behind it")
    if operation.id == "deleteCertificate":
        path_id = unquote(urlsplit(target).path.rsplit("/", 1)[1])
        if value.get("id") != path_id:
            found.append(f"{where}: another id is deleted: {value}")
    for item in [value, *value.get("data", [])] if isinstance(value, dict) else []:
        details = item.get("certificate_details")
        if details is not None and not {"valid_at", "expires_at"} <= details.keys():
            found.append(f"{where}: certificate_details lacks the validity")
    return found
