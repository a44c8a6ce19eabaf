"""A real browser: Debian's Chromium, led by the driver of the same package, so that nothing is downloaded."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    "--lang=en",
]
SIZE = (1280, 800)
IMAGES = Path(__file__).parents[1] / "docs" / "images"
LONG = 180.0
"""Seconds after which a page counts as stuck: measured, 53 on a machine with three times the work that it can do."""


class Browser:
    """A browser that knows no page yet.

    profile: an empty folder; address: what the pages' own begin with
    """

    def __init__(self, profile: Path, address: str) -> None:
        self.address = address
        options = ChromeOptions()
        options.binary_location = CHROMIUM or ""
        for flag in [*FLAGS, f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        self.driver = Chrome(options, ChromeService(DRIVER))
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False},
        )

    def open(self, page: str, *expected: str) -> str:
        """The text of a page once all that is expected stands there."""
        self.driver.get("about:blank")  # where addresses differ after the # alone, nothing would be loaded anew
        self.driver.get(f"{self.address}/{page}")
        self._wait(lambda: all(words in self.text() for words in expected))
        text = self.text()
        missing = [words for words in expected if words not in text]
        assert not missing, f"{missing} not in {page}, which reads:\n{text}"
        return text

    def text(self) -> str:
        """All that can be read now, also below the window's end."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def count(self, selector: str, least: int) -> None:
        """Wait for so many things of a kind, by a CSS selector."""
        self._wait(lambda: len(self.driver.find_elements(By.CSS_SELECTOR, selector)) >= least)
        assert len(self.driver.find_elements(By.CSS_SELECTOR, selector)) >= least, f"{selector}: {self.text()}"

    def keep(self, name: str) -> None:
        """Keep what is seen among the documentation's images, where PATCHIFY_SCREENSHOTS=1 asks for that."""
        if os.environ.get("PATCHIFY_SCREENSHOTS") == "1":
            IMAGES.mkdir(parents=True, exist_ok=True)
            # buttons that a chart has under the mouse alone, and always where there is no mouse
            self.driver.execute_script("document.querySelectorAll('.modebar-container').forEach(bar => bar.remove())")
            self.driver.save_screenshot(str(IMAGES / name))

    def _wait(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONG
        while not true() and time.monotonic() < deadline:
            time.sleep(0.1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()
