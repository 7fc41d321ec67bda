"""Pages written from what the product itself reads, so that they can't go stale.

- `reference/rest.md` from `api.yaml`, which the tests hold against the server's answers
- `reference/settings.md` from `schema/*.json`, which Lab's settings editor shows
- `reference/shell.md` from what `rsdat --help` says
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from rsdat.cli import main

VERBS = ("get", "head", "put", "post", "patch", "delete")
_SCHEMAS = "#/components/schemas/"
_SETTINGS = """# Settings

In *Settings → Settings Editor*. They are about looks and habits; what belongs to a site or a
cluster is configured as [Clusters](../clusters.md) and [dCache](../dcache.md) say.
"""

_SHELL = """# Shell

`rsdat` is there in the environment that rsdat was installed in. Its status is 0 where all is well,
1 where something was refused or is missing, 2 where the command was not understood.
"""


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir)))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(docs: Path) -> None:
    """Write the pages below `docs`; a page that has not changed keeps its time."""
    contract = yaml.safe_load((docs / "api.yaml").read_text(encoding="utf-8"))
    schemas = [
        json.loads(path.read_text()) for path in sorted((docs.parent / "schema").glob("*.json"))
    ]
    pages = {
        "rest": rest_page(contract),
        "settings": settings_page(schemas),
        "shell": shell_page(main.parser()),
    }
    for name, text in pages.items():
        path = docs / "reference" / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def settings_page(schemas: list[dict[str, Any]]) -> str:
    """Lab's settings as tables."""
    parts = [_SETTINGS]
    for schema in schemas:
        properties = schema.get("properties")
        if not properties:
            continue
        parts.append(f"## {schema['title']}\n\n{schema['description']}\n")
        rows = [
            (
                each.get("title", key),
                f"`{key}`",
                f"`{json.dumps(each.get('default'))}`",
                _meaning(each),
            )
            for key, each in properties.items()
        ]
        parts.append(_table(("Setting", "Key", "Default", "Meaning"), rows))
    return "\n".join(parts)


def shell_page(root: argparse.ArgumentParser) -> str:
    """Every command with its options, below one another."""
    parts = [_SHELL]
    for each in _commands(root):
        each.formatter_class = _Wide
        parts.append(f"## `{each.prog}`\n\n```text\n{each.format_help().rstrip()}\n```\n")
    return "\n".join(parts)


class _Wide(argparse.HelpFormatter):
    """As wide as the page, whatever terminal builds it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=96)


def _commands(root: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """It and all below it."""
    yield root
    for action in root._actions:  # noqa: SLF001 - argparse has no other way to them
        if isinstance(action.choices, dict):
            for each in action.choices.values():
                yield from _commands(each)


def _meaning(setting: Mapping[str, Any]) -> str:
    """The description, and below it what may be chosen."""
    choices = [f"`{json.dumps(one['const'])}`: {one['title']}" for one in setting.get("oneOf", [])]
    return "<br>".join([setting.get("description", ""), *choices])


def rest_page(contract: Mapping[str, Any]) -> str:
    """Every route with its parameters, bodies and answers, then every schema."""
    parts = ["# REST\n", contract["info"]["description"].strip() + "\n"]
    for path, item in contract["paths"].items():
        parts.append(f"## `{path}`\n")
        shared = item.get("parameters", [])
        for verb in VERBS:
            if verb in item:
                parts += _operation(contract, verb, item[verb], shared)
    parts.append("## Schemas\n")
    for name, schema in contract["components"]["schemas"].items():
        parts += _schema(name, schema)
    return "\n".join(parts)


def _operation(
    contract: Mapping[str, Any], verb: str, operation: Mapping[str, Any], shared: list[Any]
) -> Iterator[str]:
    yield f"### {verb.upper()} `{operation['operationId']}`\n"
    if "summary" in operation:
        yield operation["summary"].strip() + "\n"
    parameters = [_resolved(contract, each) for each in [*shared, *operation.get("parameters", [])]]
    if parameters:
        yield _table(
            ("Parameter", "In", "Type", "Meaning"),
            [
                (f"`{p['name']}`", p["in"], _type(p["schema"]), p.get("description", ""))
                for p in parameters
            ],
        )
    if "requestBody" in operation:
        yield f"Body: {_content(operation['requestBody'])}\n"
    for status, given in operation.get("responses", {}).items():
        answer = _resolved(contract, given)
        content = _content(answer)
        yield f"- **{status}** {answer.get('description', '')} {content}".rstrip()
    yield ""


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if "description" in schema:
        yield schema["description"].strip() + "\n"
    properties = schema.get("properties")
    if not properties:
        yield _type(schema) + "\n"
        return
    required = schema.get("required", [])
    yield _table(
        ("Key", "Type", "Required", "Meaning"),
        [
            (f"`{key}`", _type(each), "yes" if key in required else "", each.get("description", ""))
            for key, each in properties.items()
        ],
    )


def _resolved(contract: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in value:
        return value
    found: Any = contract
    for key in value["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found  # type: ignore[no-any-return]


def _content(value: Mapping[str, Any]) -> str:
    kinds = value.get("content", {})
    return ", ".join(
        _type(each["schema"]) if "schema" in each else f"`{kind}`" for kind, each in kinds.items()
    )


def _type(schema: Mapping[str, Any]) -> str:
    """In a few words: `string`, a link to a schema, one of several."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMAS)
        return f"[{name}](#{name.lower()})"
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return " or ".join(_type(each) for each in schema[key])
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"array of {_type(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        texts = [" ".join(each.replace("|", "\\|").split()) for each in cells]
        return f"| {' | '.join(texts)} |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows), ""])
