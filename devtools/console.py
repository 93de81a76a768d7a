"""What the user sees: one line per long step, one sentence per problem."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Problem(Exception):
    """Something is missing or went wrong that the user can act on; the text is one sentence."""


def say(text: str) -> None:
    """Print a line of progress on standard error, so that standard output stays for results."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a long step and how long it took.

    :param text: what is being done, without a final dot
    """
    say(f"→ {text} …")
    start = time.monotonic()
    yield
    say(f"  done in {time.monotonic() - start:.0f} s")
