"""What a browser calls itself, in a few words that its owner recognises."""

from __future__ import annotations

import re

from flask_babel import gettext

# The first that fits: every browser claims to be the older ones as well.
_BROWSERS = {
    "Edge": r"Edg(A|iOS)?/",
    "Opera": r"OPR/|Opera",
    "Samsung Internet": r"SamsungBrowser/",
    "Firefox": r"Firefox/|FxiOS/",
    "Chrome": r"Chrome/|CriOS/|Chromium/",
    "Safari": r"Safari/",
}
_SYSTEMS = {
    "iPhone": r"iPhone",
    "iPad": r"iPad",
    "Android": r"Android",
    "ChromeOS": r"CrOS",
    "Windows": r"Windows",
    "Mac": r"Macintosh|Mac OS X",
    "Linux": r"Linux|X11",
}


def called(client: str) -> str:
    """Firefox on Android; a program by its own name."""
    browser, system = _first(_BROWSERS, client), _first(_SYSTEMS, client)
    if browser and system:
        return str(gettext("%(browser)s on %(system)s", browser=browser, system=system))
    program = re.match(r"[\w.-]{1,40}", client)
    return browser or system or (program[0] if program else gettext("An unknown browser"))


def _first(known: dict[str, str], client: str) -> str | None:
    return next((name for name, pattern in known.items() if re.search(pattern, client)), None)
