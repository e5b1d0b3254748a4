# SPDX-License-Identifier: GPL-2.0-only
"""A headless chromium that shows a page from a file."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ksftci.report import html
from ksftci.results.model import Run


class Browser:
    """The browser, which shows one page at a time and records its network requests and console messages."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path, address: str = "", width: int = 1280, height: int = 900, theme: str = "light") -> None:
        """Show a page in a window of so many pixels; `address`, such as "#verdict=fail", is added to its address."""
        self.driver.get("about:blank")
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.driver.get(f"{page.as_uri()}{address}")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        return self.driver.execute_script(f"return {script}")

    def wait(self, script: str) -> None:
        """Wait until a JavaScript expression is true; raises TimeoutException after five seconds."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, 5, poll_frequency=0.05).until(lambda _: self.run(script))

    def type(self, *keys: str) -> None:
        """Press keys in the element that has the focus."""
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def click(self, selector: str) -> None:
        """Click the first element that matches a CSS selector, once pending frames are drawn."""
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        self.driver.find_element("css selector", selector).click()

    def complaints(self) -> list[str]:
        """The console's messages, and all addresses but file: and data: that the page requested."""
        complaints = [entry["message"] for entry in self.driver.get_log("browser")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    complaints.append(url)
        return complaints


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; what needs it is skipped where there is none."""
    program = os.environ.get("KSFTCI_CHROMIUM") or shutil.which("chromium")
    chromedriver = os.environ.get("KSFTCI_CHROMEDRIVER") or shutil.which("chromedriver")
    if not program or not chromedriver:
        pytest.skip("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for all tests."""
    with chromium() as one:
        yield one


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[Run]], Path]:
    """Writes the page of some runs to a file of the given name."""
    folder = tmp_path_factory.mktemp("page")

    def make(name: str, runs: list[Run]) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_bytes(html.render(runs).encode())
        return path

    return make
