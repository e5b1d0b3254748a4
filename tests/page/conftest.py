# SPDX-License-Identifier: GPL-2.0-only
"""A headless chromium that looks at a page from a file."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ksftci.report import html
from ksftci.results.model import Run


class Browser:
    """The browser with one page. It knows what the page asked the network for, and what it complained of."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path, address: str = "", width: int = 1280, height: int = 900, theme: str = "light") -> None:
        """Show a page, "#verdict=fail" added to its address, in a window of so many pixels."""
        self.driver.get("about:blank")
        theme_of = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", theme_of)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.driver.get(f"{page.as_uri()}{address}")

    def run(self, script: str) -> Any:
        """What a piece of JavaScript returns."""
        return self.driver.execute_script(f"return {script}")

    def wait(self, script: str) -> None:
        """Until a condition holds; TimeoutException after five seconds."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, 5, poll_frequency=0.05).until(lambda _: self.run(script))

    def type(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def click(self, selector: str) -> None:
        """Click the first element of a CSS selector, after all is drawn."""
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        self.driver.find_element("css selector", selector).click()

    def complaints(self) -> list[str]:
        """What is on the console, and every address but the page's own that was asked for."""
        found = [entry["message"] for entry in self.driver.get_log("browser")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    found.append(url)
        return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for all tests; they are skipped without it."""
    chromium = os.environ.get("KSFTCI_CHROMIUM") or shutil.which("chromium")
    chromedriver = os.environ.get("KSFTCI_CHROMEDRIVER") or shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    yield Browser(driver)
    driver.quit()


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[Run]], Path]:
    """The page of some runs, in a file of that name."""
    folder = tmp_path_factory.mktemp("page")

    def make(name: str, runs: list[Run]) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_bytes(html.render(runs).encode())
        return path

    return make
