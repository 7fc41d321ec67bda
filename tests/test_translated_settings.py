"""Lab's own server puts settings and menus into another language, from our template alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jupyterlab_server.translation_utils import translator

ROOT = Path(__file__).parents[1]
SCHEMAS = sorted((ROOT / "schema").glob("*.json"))
#: Lab's server takes only languages that there are; this is Esperanto.
LANGUAGE = "eo"
READ = ("title", "description", "label", "jupyter.lab.setting-icon-label")


@pytest.fixture
def language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A language pack in which every text of ours stands in brackets."""
    place = tmp_path / f"jupyterlab_language_pack_{LANGUAGE}"
    messages = place / "locale" / LANGUAGE / "LC_MESSAGES"
    messages.mkdir(parents=True)
    (place / "__init__.py").touch()
    with (ROOT / "rsdat" / "locale" / "jupyterlab_rsdat.pot").open("rb") as file:
        catalog = read_po(file, locale=LANGUAGE)
    for message in catalog:
        if message.id and isinstance(message.id, str):
            message.string = f"[{message.id}]"
    with (messages / "jupyterlab_rsdat.mo").open("wb") as out:
        write_mo(out, catalog)
    monkeypatch.syspath_prepend(tmp_path)
    before = translator._LOCALE
    translator.set_locale(LANGUAGE)
    yield
    translator._LOCALE = before
    translator._TRANSLATORS.pop("jupyterlab_rsdat", None)


def texts(value: Any) -> Iterator[str]:
    """What can be read of a schema in Lab's settings editor and menus."""
    if isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in READ and isinstance(each, str):
                yield each
            else:
                yield from texts(each)


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.stem)
def test_all_of_a_schema_is_translated(file: Path) -> None:
    schema = json.loads(file.read_bytes())
    before = list(texts(schema))
    assert len(before) >= 2
    assert list(texts(translator.translate_schema(schema))) == [f"[{text}]" for text in before]
