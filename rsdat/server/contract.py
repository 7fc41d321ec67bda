"""The REST contract (docs/api.yaml) as the server uses it: checks what a request brings."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from rsdat.base.errors import InvalidInput

#: The one description of the routes. Beside this file lies a link to docs/api.yaml, which
#: becomes a file of its own in the wheel.
CONTRACT_FILE = Path(__file__).with_name("api.yaml")
_LONGEST_COMPLAINT = 300
#: Keys whose values no message repeats.
_SECRET = {"token", "password"}


@functools.cache
def contract() -> dict[str, Any]:
    """The whole OpenAPI document; read once, not to be changed."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(CONTRACT_FILE.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    if not isinstance(document, dict):
        raise TypeError(f"{CONTRACT_FILE} holds no object")
    return document


def pattern(template: str) -> str:
    """The regular expression of a path of the contract, one group a parameter.

    Only the last parameter of a path may hold slashes; it does so when the contract gives it no
    pattern of its own and it is named `path` or `page`.
    """
    parameters = {p["name"]: p for p in _parameters(contract()["paths"][template])}

    def group(match: re.Match[str]) -> str:
        name = match[1]
        own: str | None = parameters[name]["schema"].get("pattern")
        if own:
            return "(" + own.removeprefix("^").removesuffix("$") + ")"
        return "(.*)" if name in ("path", "page") else "([^/]+)"

    return re.sub(r"\{(\w+)\}", group, template)


def check_body(schema: str, value: Any) -> dict[str, Any]:
    """A request's JSON body, if it is what `components/schemas/<schema>` asks for.

    Its own keys that were left out and have a default there, are filled in.

    Raises:
        InvalidInput: It is not; says where and why.
    """
    error = best_match(_until_too_many(_validator(schema).iter_errors(value)))
    if error is not None:
        raise InvalidInput(_in_words(error), hint=_hint(error))
    properties = contract()["components"]["schemas"][schema].get("properties", {})
    defaults = {key: each["default"] for key, each in properties.items() if "default" in each}
    return {**defaults, **value}


def check_query(operation: str, given: Callable[[str], str | None]) -> dict[str, Any]:
    """The query parameters of an operation: converted, checked, defaults filled in.

    Others are left alone: Jupyter's own `token` and the time stamp against caches are among them.

    Args:
        operation: Its `operationId`.
        given: Gives a parameter's text, or None.

    Raises:
        InvalidInput: One is missing or makes no sense.
    """
    values: dict[str, Any] = {}
    for parameter in _operations()[operation]:
        if parameter["in"] != "query":
            continue
        name, schema = parameter["name"], parameter["schema"]
        text = given(name)
        if text is None:
            if parameter.get("required"):
                raise InvalidInput(f"The parameter '{name}' is missing")
            values[name] = schema.get("default")
            continue
        value: Any = text
        if schema["type"] == "integer":
            if not re.fullmatch(r"-?[0-9]{1,18}", text):
                raise InvalidInput(f"{name}: '{text[:40]}' is not a whole number")
            value = int(text)
        error = best_match(Draft202012Validator(schema).iter_errors(value))
        if error is not None:
            raise InvalidInput(f"{name}: {_shortened(error.message)}")
        values[name] = value
    return values


def _until_too_many(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """Errors up to a list that is too long: each of its items would be looked at, for seconds."""
    for error in errors:
        yield error
        if error.validator == "maxItems":
            return


def _hint(error: ValidationError) -> str | None:
    if error.validator != "maxItems" or not isinstance(error.schema, dict):
        return None
    return error.schema.get("x-hint")


@functools.cache
def _validator(schema: str) -> Draft202012Validator:
    components = contract()["components"]
    if schema not in components["schemas"]:
        raise KeyError(schema)
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": components}
    )


@functools.cache
def _operations() -> dict[str, list[dict[str, Any]]]:
    operations = {}
    for path in contract()["paths"].values():
        for verb, operation in path.items():
            if verb not in ("parameters", "summary", "description"):
                operations[operation["operationId"]] = _parameters(path) + _parameters(operation)
    return operations


def _parameters(holder: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for parameter in holder.get("parameters", []):
        if "$ref" in parameter:
            name = parameter["$ref"].removeprefix("#/components/parameters/")
            found.append(contract()["components"]["parameters"][name])
        else:
            found.append(parameter)
    return found


def _in_words(error: ValidationError) -> str:
    where = ".".join(str(step) for step in error.absolute_path)
    if error.validator in ("maxItems", "minItems"):
        return f"{_wrong_number(error)} ({where})"
    if set(error.absolute_path) & _SECRET:
        # The validator's words repeat what was given.
        text = f"that is none ({error.validator}: {error.validator_value})"
    elif error.validator == "type" and not error.absolute_path:
        # Nor the whole body, which may be a token that somebody sent as it is.
        text = f"it is not of type '{error.validator_value}'"
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        unknown = sorted(str(key) for key in error.instance if key not in known)
        text = f"there is no '{unknown[0][:60]}'; known are {', '.join(known)}"
    elif error.validator == "required" and isinstance(error.instance, dict):
        missing = [key for key in error.validator_value if key not in error.instance]
        text = f"'{missing[0]}' is missing"
    elif error.validator == "maxProperties":
        given = ", ".join(sorted(error.instance))
        text = f"takes at most {error.validator_value} of its keys at a time, got {given}"
    elif error.validator == "minProperties":
        text = "asks for nothing"
    else:
        text = _shortened(error.message)
    return f"{where}: {text}" if where else f"The request: {text}"


def _wrong_number(error: ValidationError) -> str:
    limit, given = _spaced(error.validator_value), _spaced(len(error.instance))
    if error.validator == "maxItems":
        return f"At most {limit} at a time, and these are {given}"
    if not error.instance:
        return "Nothing given"
    return f"At least {limit} are needed, and these are {given}"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_COMPLAINT else text[:_LONGEST_COMPLAINT] + " …"
