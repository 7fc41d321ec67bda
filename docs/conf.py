"""The documentation's site; `npm run docs` builds it into site/."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

project = "rsdat"
author = "The rsdat developers"
release = json.loads((HERE.parent / "package.json").read_text())["version"]

extensions = [
    "generated",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_ext"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# A single backtick in a docstring is code.
default_role = "code"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# As the field's packages write them.
python_use_unqualified_type_names = True

html_theme = "pydata_sphinx_theme"
html_title = "rsdat"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "github_url": "https://github.com/RS-DAT/rsdat",
    "show_prev_next": True,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
copyright = "the rsdat developers, Apache 2.0"  # noqa: A001 - Sphinx's name
