"""Writes the sample report, as a page, a workbook, Markdown and JSON, and its picture, from sample_data/.

    python docs/picture.py      (or `make picture`) writes docs/report/*

The picture needs Chromium, which is asked through its debugging pipe; without it only the files are written.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "report"
MONTH = "2026-10"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str | None:
    """The Chromium that is installed, if any."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A headless Chromium with one page, and all that its console says."""

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive, self._count, self._rest = send, receive, 0, b""
        self.session: str | None = None
        self.console: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command, and wait for its answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        message |= {"sessionId": self.session} if self.session else {}
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while (heard := self._heard()).get("id") != self._count:
            self._listen(heard)
        if "error" in heard:
            raise RuntimeError(f"{method}: {heard['error']}")
        answer: dict[str, Any] = heard["result"]
        return answer

    def _heard(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._receive, 1 << 20)
            if not more:
                raise RuntimeError("Chromium has gone away")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _listen(self, heard: dict[str, Any]) -> None:
        params = heard.get("params", {})
        if heard.get("method") == "Log.entryAdded":
            self.console.append(params["entry"]["text"])
        if heard.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.console.append(json.dumps(params))
        if heard.get("method") == "Network.requestWillBeSent" and not params["request"]["url"].startswith("file:"):
            self.console.append(f"asked for {params['request']['url']}")

    def open(self, page: Path, width: int, scheme: str = "light", media: str = "") -> None:
        """Show a file at a width, in a colour scheme, on a screen or as printed."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.ask("Page.navigate", url=page.resolve().as_uri())
        while self.value("document.readyState") != "complete":
            pass

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self, width: int, height: int) -> bytes:
        """The top of the page as PNG."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@contextmanager
def browser(program: str) -> Iterator[Browser]:
    """A Chromium that ends with the block."""
    to_it, send = os.pipe()
    receive, from_it = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        # The shell puts the pipes where Chromium looks for them: 3 to hear, 4 to speak.
        line = f'exec "$0" "$@" 3<&{to_it} 4>&{from_it}'
        command = ["bash", "-c", line, program, *flags, "--remote-debugging-pipe"]
        process = subprocess.Popen(command, pass_fds=(to_it, from_it), stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        try:
            yield Browser(send, receive)
        finally:
            process.terminate()
            process.wait()
            os.close(send)
            os.close(receive)


def main() -> None:
    """Write the files, then the picture where it can be taken."""
    from kpi_cli.commands.app import main as kpi

    FOLDER.mkdir(exist_ok=True)
    os.chdir(ROOT / "sample_data")
    for ending in ("html", "md", "json", "xlsx"):
        assert kpi(["report", "--month", MONTH, "-o", str(FOLDER / f"{MONTH}.{ending}")]) == 0
    assert kpi(["report", "--month", MONTH, "--lang", "fr", "-o", str(FOLDER / f"{MONTH}.fr.html")]) == 0
    program = chromium()
    if program is None:
        print("Chromium is not installed: the picture stays as it is")
        return
    with browser(program) as page:
        page.open(FOLDER / f"{MONTH}.html", 1080)
        (FOLDER / f"{MONTH}.png").write_bytes(page.picture(1080, 1420))


if __name__ == "__main__":
    main()
