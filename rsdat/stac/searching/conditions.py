"""Conditions on properties, such as `eo:cloud_cover<20`, for APIs of either dialect."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from rsdat.base.errors import InvalidInput, Refused

_CONDITION = re.compile(r"\s*([A-Za-z_][\w:.\-]*)\s*(<=|>=|!=|<>|==|=|<|>)\s*(.+?)\s*", re.DOTALL)
_WORDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "eq", "<>": "neq"}
_SAME = {"==": "=", "!=": "<>"}


class Condition(NamedTuple):
    """One condition: property, `<`, `<=`, `>`, `>=`, `=` or `<>`, and a number, text or truth."""

    name: str
    op: str
    value: Any


def parse(text: str) -> Condition:
    """A condition as people write it.

    Raises:
        InvalidInput: It is none.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InvalidInput(
            f"'{text}' is no condition",
            hint="A condition is property, < <= > >= = or !=, and value: eo:cloud_cover<20.",
            code="bad_condition",
        )
    name, op, value = match.groups()
    return Condition(name, _SAME.get(op, op), _value(value))


def _value(text: str) -> Any:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) else text


def parameters(texts: Sequence[str], can: set[str], method: str) -> dict[str, Any]:
    """What pystac-client is given for conditions that must all hold.

    Args:
        texts: Conditions.
        can: What the API conforms to.
        method: POST, or GET, which takes CQL2 as text.

    Raises:
        InvalidInput: One is none.
        Refused: The API can't filter by properties, or not by these together.
    """
    conditions = [parse(text) for text in texts]
    if not conditions:
        return {}
    twice = _twice(conditions)
    if "query" in can and twice is None:
        query: dict[str, dict[str, Any]] = {}
        for name, op, value in conditions:
            query.setdefault(name, {})[_WORDS[op]] = value
        return {"query": query}
    if "filter" in can:
        if method == "GET":
            return {"filter": " AND ".join(map(_as_text, conditions)), "filter_lang": "cql2-text"}
        parts = [{"op": op, "args": [{"property": name}, value]} for name, op, value in conditions]
        whole = parts[0] if len(parts) == 1 else {"op": "and", "args": parts}
        return {"filter": whole, "filter_lang": "cql2-json"}
    if twice is not None:
        raise Refused(
            f"This API takes one condition '{twice.name} {_said(twice.op)} …' in a search",
            hint="Search with one of those that were given, and filter what it finds.",
            code="no_filter",
        )
    raise Refused(
        "This API can't filter by properties",
        hint="Search without conditions, and filter what it finds.",
        code="no_filter",
    )


def _twice(conditions: Sequence[Condition]) -> Condition | None:
    """One that another of the same property and operator differs from: `query` has room for one."""
    known: dict[tuple[str, str], str] = {}
    for each in conditions:
        value = json.dumps(each.value)
        if known.setdefault((each.name, each.op), value) != value:
            return each
    return None


def _said(op: str) -> str:
    return "!=" if op == "<>" else op


def _as_text(condition: Condition) -> str:
    name, op, value = condition
    quoted = "'" + str(value).replace("'", "''") + "'"
    return f'"{name}" {op} {quoted if isinstance(value, str) else json.dumps(value)}'
