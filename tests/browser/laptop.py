"""A Chromium of its own that can be put to sleep, and whose tabs are hidden as a person's are.

Playwright's own browser says of every tab that it is in front, and lets none be frozen.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, Playwright

from tests.patience import PATIENCE

ATTEMPTS = 3


class Laptop:
    def __init__(self, playwright: Playwright, folder: Path) -> None:
        # Chromium does not always answer the first who connects.
        for attempt in range(ATTEMPTS):
            self._start(folder / str(attempt))
            try:
                self._browser = playwright.chromium.connect_over_cdp(
                    self._address(folder / str(attempt)), no_defaults=True, timeout=PATIENCE * 1000
                )
            except (AssertionError, Error):
                self._process.kill()
                self._process.wait(PATIENCE)
            else:
                return
        raise AssertionError("Chromium does not answer")

    def _start(self, folder: Path) -> None:
        chromium = shutil.which("chromium")
        assert chromium
        flags = "--headless=new --no-sandbox --disable-background-networking --no-first-run"
        self._process = subprocess.Popen(
            f"{chromium} {flags} --remote-debugging-port=0 --user-data-dir={folder}".split(),
            stderr=subprocess.DEVNULL,
        )

    def _address(self, folder: Path) -> str:
        """Where it listens, once it has a page."""
        file, until = folder / "DevToolsActivePort", time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError, IndexError):
                address = f"http://127.0.0.1:{file.read_text().split()[0]}"
                with urllib.request.urlopen(f"{address}/json/list", timeout=PATIENCE) as listed:
                    if b'"page"' in listed.read():
                        return address
            assert time.monotonic() < until, "Chromium does not say where it listens"
            time.sleep(0.05)

    @property
    def context(self) -> BrowserContext:
        return self._browser.contexts[0]

    def close(self) -> None:
        self.wake()
        self._browser.close()
        self._process.terminate()
        self._process.wait(PATIENCE)

    def sleep(self) -> None:
        """Every process of it stands still."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in (self._process.pid, *_children(self._process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def put_behind(self, page: Page) -> Page:
        """Another tab comes in front of this one."""
        other = self.context.new_page()
        other.goto("about:blank")
        other.bring_to_front()
        return other

    def freeze(self, page: Page) -> None:
        """What a browser does to a tab that has long been hidden."""
        self._set_state(page, "frozen")

    def thaw(self, page: Page) -> None:
        self._set_state(page, "active")

    def _set_state(self, page: Page, state: str) -> None:
        self.context.new_cdp_session(page).send("Page.setWebLifecycleState", {"state": state})


def _children(process: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in map(int, children.read_text().split()):
                found += [child, *_children(child)]
    return found
