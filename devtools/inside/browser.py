"""A headless Chromium, driven over its DevTools protocol (runs in the virtual environment)."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
import websocket
from PIL import Image

START_SECONDS = 30
SCREEN_SECONDS = 30
COLOURS = 256
#: Nothing may be going on when a picture is taken.
SETTLED = """
    document.fonts.status === "loaded"
    && !document.querySelector(".o_loading_indicator, .o_blockUI, .o_skeleton")
    && ![...document.images].some((image) => !image.complete)
"""


class BrowserError(Exception):
    """The browser does not start, or the screen is not as expected."""


class Browser:
    """A window of a browser of its own, without profile; use it as a context manager.

    :param program: path of Chromium
    :param width: of the window, in pixels
    :param height: of the window, in pixels
    """

    def __init__(self, program: str, width: int = 1280, height: int = 800) -> None:
        self._folder = tempfile.mkdtemp(prefix="spp-browser-")
        self._process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--hide-scrollbars",
                "--lang=en-US",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={self._folder}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._number = 0
        self._socket = websocket.create_connection(self._debugger(), timeout=SCREEN_SECONDS)
        self._send("Emulation.setFocusEmulationEnabled", enabled=True)
        self.resize(width, height)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_exc: Any) -> None:
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _debugger(self) -> Any:
        """Return the address of the page's debugger."""
        port_file = Path(self._folder, "DevToolsActivePort")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if port_file.is_file() and (lines := port_file.read_text().splitlines()):
                pages = requests.get(f"http://127.0.0.1:{lines[0]}/json/list", timeout=10).json()
                for page in pages:
                    if page["type"] == "page":
                        return page["webSocketDebuggerUrl"]
            time.sleep(0.1)
        raise BrowserError("Chromium did not start.")

    def _send(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, in pixels."""
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def run(self, script: str) -> Any:
        """Evaluate JavaScript in the page.

        :return: its value, that of a promise too
        :raise BrowserError: when it throws
        """
        answer = self._send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            raise BrowserError(thrown.get("exception", {}).get("description", thrown["text"]))
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = SCREEN_SECONDS) -> None:
        """Wait until JavaScript is true.

        :raise BrowserError: when it is not in time
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self.run(f"!!({condition})"):
                    return
            except BrowserError:
                # The page is on its way to another one.
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise BrowserError(f"not on the screen: {condition}")
            time.sleep(0.1)

    def open(self, url: str, condition: str) -> None:
        """Go to an address and wait until JavaScript is true there."""
        self._send("Page.navigate", url="about:blank")
        self._send("Page.navigate", url=url)
        self.wait(condition)

    def click(self, selector: str, text: str = "") -> None:
        """Click the first element that is seen, matches and contains the text."""
        find = (
            f"[...document.querySelectorAll({json.dumps(selector)})].find((node) =>"
            f" node.offsetParent && node.textContent.includes({json.dumps(text)}))"
        )
        self.wait(find)
        self.run(f"{find}.click()")

    def type(self, selector: str, text: str) -> None:
        """Write into a field, as if it had been typed."""
        self.wait(f"document.querySelector({json.dumps(selector)})")
        self.run(
            f"(() => {{ const node = document.querySelector({json.dumps(selector)});"
            f" node.focus(); node.select?.(); }})()"
        )
        self._send("Input.insertText", text=text)

    def log_in(self, url: str, database: str, login: str, password: str) -> None:
        """Open a session of Odoo, forgetting the one before."""
        session = requests.post(
            f"{url}/web/session/authenticate",
            json={"params": {"db": database, "login": login, "password": password}},
            timeout=SCREEN_SECONDS,
        )
        if session.json().get("error"):
            raise BrowserError(f"{login} cannot log in.")
        self._send("Network.clearBrowserCookies")
        self._send(
            "Network.setCookie", name="session_id", value=session.cookies["session_id"], url=url
        )

    def picture(self, path: str) -> None:
        """Store what is seen as a PNG file of few colours, when the page is at rest."""
        self.wait(SETTLED)
        time.sleep(0.5)
        data = self._send("Page.captureScreenshot", format="png")["data"]
        image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        image = image.quantize(COLOURS, dither=Image.Dither.NONE)
        image.save(path, "PNG", optimize=True)
