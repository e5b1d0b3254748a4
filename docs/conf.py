# SPDX-License-Identifier: GPL-2.0-only
"""The docs as a site, of the Markdown that GitHub shows; ci/tox -e docs builds it, and a dead link or anchor fails."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx

_TOP = Path(__file__).resolve().parents[1]

project = html_title = "ksftgen and ksftci"
extensions = ["myst_parser"]
myst_heading_anchors = 4  # as on GitHub
root_doc = "README"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = [path.name for path in _TOP.iterdir() if path.is_dir() and path.name != "docs"]  # are not searched
highlight_language = "none"
html_theme = "furo"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_show_copyright = html_show_sphinx = html_copy_source = False

# The parts of the contents, with their pages. All other pages are in the last part.
_CONTENTS = {
    "Scenarios": ["docs/scenarios", "docs/matrix", "docs/states"],
    "Running tests": [
        *("docs/running", "docs/upstream", "docs/known-issues", "docs/github", "docs/pytest", "docs/junit"),
        *("docs/ktap", "docs/measurements"),
    ],
    "What they detect": ["docs/mutants", "docs/coverage", "docs/found", "KNOWN-ISSUES"],
    "More": [],
}


def _contents() -> dict[str, list[str]]:
    named = {root_doc}.union(*_CONTENTS.values())
    paths = [path.relative_to(_TOP).with_suffix("") for folder in (_TOP, _TOP / "docs") for path in folder.glob("*.md")]
    return _CONTENTS | {"More": sorted(path.as_posix() for path in paths if path.as_posix() not in named)}


def _toctree(pages: list[str], *options: str) -> str:
    return "\n".join(["\n```{toctree}", ":hidden:", *options, *pages, "```\n"])


def _add_contents(_: Sphinx, page: str, source: list[str]) -> None:
    if page == root_doc:
        for caption, pages in _contents().items():
            source[0] += _toctree([f"/{page}" for page in pages], f":caption: {caption}")
    if page == "docs/found":
        source[0] += _toctree(["found/*"], ":glob:")


def _add_index(app: Sphinx, failure: Exception | None) -> None:
    if not failure:
        shutil.copy(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _add_contents)
    app.connect("build-finished", _add_index)
