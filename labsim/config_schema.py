"""The JSON Schema of configuration files, so that editors complete keys and show units while a user types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic

from labsim.config_base import ConfigBase
from labsim.profile import Profile
from labsim.quantity import GRADES, Parameters

__all__ = ["schema_of"]

_NOT_IN_FILES = ("province", "scenario", "policies", "origins", "changes", "given")


def schema_of(model: type[ConfigBase]) -> dict[str, Any]:
    """Return the schema of a profile, scenario or reference file for a class of configurations."""
    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {
        "extends": {"type": "string", "description": "the scenario that this one differs from, as son_la/baseline"}
    }
    for name, schema in _properties(Profile, definitions).items():
        if name not in ("id", "files"):
            properties[name] = schema
    for name, schema in _properties(model, definitions).items():
        if name not in _NOT_IN_FILES:
            properties[name] = schema
    properties["policies"] = _policies(model.built_in_policies, definitions)
    for definition in definitions.values():
        for name, schema in definition.get("properties", {}).items():
            definition["properties"][name] = _with_evidence(schema)
    names = {key: value for key, value in definitions["Names"].items() if key != "required"} | {"minProperties": 1}
    definitions["Names"] = {"anyOf": [{"type": "string"}, names]}
    until = definitions["Period"]["properties"]["until"]
    until["type"] = ["string", "integer"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "labsim configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "$defs": dict(sorted(definitions.items())),
    }


def _properties(model: type[pydantic.BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions |= schema.pop("$defs", {})
    properties: dict[str, Any] = schema.get("properties", {})
    return properties


def _policies(built_in: Mapping[str, type[Parameters]], definitions: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name, policy in sorted(built_in.items()):
        schema = policy.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs", {})
        schema["properties"] = {"use": {"type": "string"}} | schema.get("properties", {})
        definitions[policy.__name__] = schema
        known[name] = {"anyOf": [{"$ref": f"#/$defs/{policy.__name__}"}, {"type": ["boolean", "null"]}]}
    own = {"type": "object", "required": ["use"], "properties": {"use": {"type": "string"}}}
    return {"type": "object", "properties": known, "additionalProperties": own}


def _with_evidence(schema: dict[str, Any]) -> dict[str, Any]:
    """Let a quantity be given bare, or with evidence of its own."""
    if "quantity" not in schema:
        return schema
    bare = {key: value for key, value in schema.items() if key not in ("default", "description", "title")}
    bare.pop("quantity")
    number = {"type": ["number", "null"]}
    evidence = {
        "type": "object",
        "additionalProperties": False,
        "required": ["value"],
        "properties": {
            "value": bare,
            "source": {"type": "string"},
            "grade": {"enum": list(GRADES)},
            "low": number,
            "high": number,
            "year": {"type": ["integer", "null"]},
        },
    }
    kept = {key: schema[key] for key in ("title", "description", "default", "quantity") if key in schema}
    return kept | {"anyOf": [bare, evidence]}
