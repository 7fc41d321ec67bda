"""`scripts/translations.mjs`: all that the user reads is in the template, or the check says so."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

SCRIPT = Path(__file__).parents[1] / "scripts" / "translations.mjs"
DOMAIN = {"jupyter.lab.internationalization": {"domain": "jupyterlab_rsdat"}}
SCHEMA = {"title": "Files", "description": "The panel.", **DOMAIN, "properties": {}}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Sources in which all is well."""
    write(tmp_path, "trans.__('Copy')")
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "files.json").write_text(json.dumps(SCHEMA))
    return tmp_path


def write(root: Path, text: str, name: str = "view.tsx") -> None:
    """One file of the page's part."""
    (root / "src").mkdir(exist_ok=True)
    (root / "src" / name).write_text(f"export const f = (trans, n, x) => {text};\n")


def run(root: Path, *words: str) -> tuple[int, str]:
    """Status and what was said."""
    done = subprocess.run(
        ["node", SCRIPT, "--root", root, *words],
        timeout=120,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def test_template_has_all(checkout: Path) -> None:
    """As gettext's reader sees it: counted texts, contexts, choices of a setting, odd letters."""
    write(
        checkout,
        """[
          trans.__('Copy'),
          trans.__(`“%1” is \\\\ "odd"\\n`, x),
          trans
            ._n('%1 file', '%1 files', n),
          trans._p('verb', 'Copy'),
          trans.__('%1 of %2', trans.__('One'), x)
        ]""",
    )
    write(checkout, "trans.__('Copy')", "other.ts")
    schema = SCHEMA | {
        "jupyter.lab.menus": {"main": [{"id": "m", "label": "Data", "items": []}]},
        "properties": {
            "start": {
                "title": "Begin with",
                "description": "A folder.",
                "oneOf": [{"const": "home", "title": "My own"}],
            }
        },
    }
    (checkout / "schema" / "files.json").write_text(json.dumps(schema))
    assert run(checkout) == (0, "")
    with (checkout / "rsdat" / "locale" / "jupyterlab_rsdat.pot").open("rb") as file:
        entries = {
            (entry.context, entry.id): [place for place, _ in entry.locations]
            for entry in read_po(file)
            if entry.id
        }
    view, other, settings = ["src/view.tsx"], ["src/other.ts"], ["schema/files.json"]
    assert entries == {
        (None, "Copy"): other + view,
        (None, '“%1” is \\ "odd"\n'): view,
        (None, ("%1 file", "%1 files")): view,
        ("verb", "Copy"): view,
        (None, "%1 of %2"): view,
        (None, "One"): view,
        ("schema", "Files"): settings,
        ("schema", "The panel."): settings,
        ("menu", "Data"): settings,
        ("settings", "Begin with"): settings,
        ("settings", "A folder."): settings,
        ("settings", "My own"): settings,
    }
    assert run(checkout, "--check") == (0, "")


def test_stale_template_is_told(checkout: Path) -> None:
    """New words, and no other change, make it stale."""
    run(checkout)
    write(checkout, "[1,\n\n trans.__('Copy')]")
    assert run(checkout, "--check") == (0, "")
    write(checkout, "trans.__('Move')")
    status, said = run(checkout, "--check")
    assert status == 1
    assert "run npm run translations" in said


UNTRANSLATED = [
    "<p>Nothing here</p>",
    "<p>Nothing</p>",
    "<button aria-label='copy' />",
    "<button title={`${x} to copy`} />",
    "<input placeholder={n ? 'name' : trans.__('Path')} />",
    "({ label: () => n ? 'copy' : trans.__('Move') })",
    "n > 1 ? 'they are gone' : null",
    "`${n} files`",
    "[x, 'Copied']",
    "(x.title.label = `copy ${x}`)",
    "trans.__('%1 is gone', n ? 'The file' : x)",
    "say('All is well.')",
]


def test_text_without_translation_is_told(checkout: Path) -> None:
    """Wherever it stands."""
    for number, text in enumerate(UNTRANSLATED):
        write(checkout, text, f"view{number}.tsx")
    status, said = run(checkout)
    assert status == 1
    told = set(re.findall(r"^src/(view\d+\.tsx):1: .*\(not translated\)$", said, re.MULTILINE))
    assert told == {f"view{number}.tsx" for number in range(len(UNTRANSLATED))}


MUTE = [
    "<p className='jp-Some jp-Other'>{trans.__('Nothing')}</p>",
    "({ id: 'a:b', description: 'What the plugin does.' })",
    "x === 'Home' ? x['Some key'] : null",
    "new Error('Nobody sees that.')",
    "x.closest('ul, li')",
    "x as 'One kind'",
    "<b>{x} · {n}%</b>",
    "`${n} GiB`",
]


def test_what_nobody_reads_may_stay(checkout: Path) -> None:
    """Names for programs are not held for text."""
    for number, text in enumerate(MUTE):
        write(checkout, text, f"view{number}.tsx")
    assert run(checkout) == (0, "")


DYNAMIC = ["trans.__(x)", "trans.__('a' + x)", "trans._n('a', x, n)"]


def test_text_that_no_tool_collects_is_told(checkout: Path) -> None:
    """Put together when the program runs, it could be in no catalog."""
    write(checkout, f"[{', '.join(DYNAMIC)}]")
    status, said = run(checkout)
    assert status == 1
    assert said.count("src/view.tsx:1: a text that is not one literal") == len(DYNAMIC)


def test_text_that_is_counted_only_here_and_there_is_told(checkout: Path) -> None:
    """Lab leaves one of both untranslated."""
    write(checkout, "[trans.__('%1 failed', n), trans._n('%1 failed', '%1 failed', n)]")
    status, said = run(checkout)
    assert status == 1
    assert "“%1 failed” has another plural elsewhere" in said


def test_schema_must_name_its_catalog_and_its_choices(checkout: Path) -> None:
    """Else Lab looks for the words in a catalog of its own, and shows the choices' keys."""
    schema = {"title": "Files", "properties": {"start": {"enum": ["home", "last"]}}}
    (checkout / "schema" / "files.json").write_text(json.dumps(schema))
    status, said = run(checkout, "--check")
    assert status == 1
    assert "names no domain" in said
    assert "the choices of start" in said
