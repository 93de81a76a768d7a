"""Runs inside the virtual environment: takes pictures of Odoo's screens.

Reads a JSON object on standard input: `program` (path of Chromium), `url`, `database`, `folder`,
`pictures`. A picture has `name`, `login` (the password is the same), `path`, `height` in pixels,
`clicks` (CSS selector and text each) and `shows` (text that must be on the screen).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from browser import Browser, BrowserError

WIDTH = 1280
READY = "document.querySelector('.o_view_controller')"
#: Nobody needs a cursor, the focus of a button or what others are doing in a picture.
HIDE = """
    document.activeElement.blur();
    const style = document.createElement("style");
    style.textContent =
        ".o-mail-DiscussSystray-class { display: none } * { caret-color: transparent !important }";
    document.head.append(style);
"""


def main() -> Any:
    """Take the pictures; return the exit status."""
    order = json.load(sys.stdin)
    with Browser(order["program"]) as browser:
        for picture in order["pictures"]:
            try:
                take(browser, order, picture)
            except BrowserError as error:
                print(f"{picture['name']}: {error}", file=sys.stderr)
                return 1
    return 0


def take(browser: Any, order: Any, picture: Any) -> None:
    """Take one picture.

    :raise BrowserError: when the screen is not as expected
    """
    browser.resize(WIDTH, picture["height"])
    browser.log_in(order["url"], order["database"], picture["login"], picture["login"])
    browser.open(order["url"] + picture["path"], READY)
    for selector, text in picture["clicks"]:
        browser.click(selector, text)
    browser.wait(f"document.body.innerText.includes({json.dumps(picture['shows'])})")
    browser.run(HIDE)
    browser.picture(Path(order["folder"], f"{picture['name']}.png"))


if __name__ == "__main__":
    sys.exit(main())
