# SPDX-License-Identifier: Apache-2.0
"""How Sphinx makes a site of the pages as they are read in the repository, and a reference of the docstrings.

The root of the repository is the source, so that a link leads to the same page here and there.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
sys.path.insert(0, str(HERE))  # for the extension beside this file

project = "edgeproof"
release = metadata.version("edgeproof")
html_title = f"edgeproof {release}"
html_show_copyright = False
html_copy_source = False

extensions = ["myst_parser", "sphinx.ext.autodoc", "catalogue_table"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "properties/HISTORY.md"]
exclude_patterns = [".*", "build", "node_modules", "reports", "src", "tests"]
templates_path = ["templates"]
html_additional_pages = {"index": "index.html"}  # whoever opens the folder is led to the first page
html_theme = "alabaster"
html_theme_options = {"page_width": "75rem", "sidebar_width": "15rem", "fixed_sidebar": True}

nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r".*"),  # types in signatures that are not in the reference
    ("myst", r".*/"),  # folders are no pages; tests/docs/test_links.py holds that they are there
]
suppress_warnings = ["misc.highlighting_failure"]  # what a terminal shows is no language
highlight_language = "none"
smartquotes = False
myst_heading_anchors = 3

default_role = "code"  # docstrings quote names as Markdown does
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_mock_imports = ["crosshair"]  # not to be had on every platform, and nothing of it is shown

_INDENTED: Final = re.compile(r"(?<=\S)(?=\n\n {4}\S)")


def code_of_docstrings(_app: Any, _what: str, _name: str, _of: Any, _options: Any, lines: list[str]) -> None:
    """What is indented in our docstrings is code, as in Markdown; reStructuredText wants `::` before it."""
    lines[:] = _INDENTED.sub("\n\n::", "\n".join(lines)).split("\n")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", code_of_docstrings)
