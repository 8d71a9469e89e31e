"""What `make run` shows: a line for each step with its seconds, and sentences."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Lines on the terminal; plain ones where there is none. A terminal that went away is no reason to fail."""

    def __init__(self) -> None:
        """Writes to stdout."""
        self._console = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show that something is being done, and after it how long it took."""
        began = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(f"{title} ..."):
                yield
        else:
            yield
        self.say(f"  {title:<32} {time.monotonic() - began:5.1f} s")

    def say(self, text: str) -> None:
        """Show a line or several, word for word."""
        try:
            self._console.print(text, markup=False)
            self._console.file.flush()
        except OSError:  # the terminal is gone; what remains to be done is done without it
            self._console.quiet = True
