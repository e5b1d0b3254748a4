# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of README.md, from results.xml; this makes them again (needs chromium and chromedriver):

python -m tests.pictures

results.xml was recorded: 45 tests on five released kernels, and on a 7.3 of which one line is changed, so that the
first page of a run decides for all of it (`first_exclusive_for_run` in ci/mutants/7.3/curated.yaml).
"""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from tests.conftest import TOP
from tests.page.conftest import chromium

from ksftci.formats import logs
from ksftci.report import html, terminal
from ksftci.results.model import Run

FAILURE = TOP / "docs/failure.svg"
_COLUMNS = 100
# What rich writes by default fetches a font; the positions and lengths that it gives each text need none.
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="ksftci report">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def recorded() -> list[Run]:
    """The runs that the pictures show."""
    return logs.read([Path(__file__).with_name("results.xml")])[0]


def failure(runs: Sequence[Run]) -> str:
    """What `ksftci report` prints of the first failure, as an SVG that reads well on light and on dark pages."""
    console = Console(record=True, width=_COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    for part in terminal.failures(runs, most=1):
        console.print(part)
    return console.export_svg(title="ksftci report", code_format=_SVG, unique_id="failure")


def page(runs: Sequence[Run], path: Path) -> None:
    """Write the page as a PNG: the kernels, the failure, and some rows of the grid."""
    with TemporaryDirectory() as folder, chromium() as browser:
        source = Path(folder, "report.html")
        source.write_text(html.render(runs))
        browser.open(source, "#text=mixed_alternate", width=1160, height=1180)
        browser.driver.execute_script("document.querySelector('#unfold').click()")
        browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        browser.driver.save_screenshot(str(path))


if __name__ == "__main__":
    FAILURE.write_text(failure(recorded()))
    page(recorded(), TOP / "docs/report.png")
