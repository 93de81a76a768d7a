"""What verifying has shown so far, so that junk costs a stranger more than it costs us.

Kept in the memory of each process, for so many senders and addresses at most: nothing that a
stranger sends makes a table grow. Nobody is locked out by it: whoever has sent too much junk has
only the way of writing tried that verified last for this sender, and a right message still passes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

#: Failures of one address under one sender's name within a minute, after which it counts as junk.
MAX_FAILURES = 10
_WINDOW_S = 60
_MAX_ENTRIES = 1000


class Attempts:
    """Which way of writing verified last, and who fails too often.

    :param clock: seconds, never going back
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._forms: OrderedDict[Hashable, str] = OrderedDict()
        self._failures: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def last_form(self, sender: Hashable) -> str:
        """Return the form that verified last for a sender.

        :param sender: what tells one sender of one database from all others
        :return: name of the form, '' when none has verified
        """
        return self._forms.get(sender, "")

    def succeeded(self, sender: Hashable, form: str) -> None:
        """Note the form that verified.

        :param sender: see :meth:`last_form`
        :param form: its name
        """
        with self._lock:
            self._forms[sender] = form
            _trim(self._forms, sender)

    def failed(self, sender: Hashable, address: str | None) -> None:
        """Note a signature that fits nothing.

        :param sender: see :meth:`last_form`
        :param address: IP address that it came from
        """
        now = self._clock()
        with self._lock:
            start, count = self._failures.get((sender, address), (now, 0))
            if now - start > _WINDOW_S:
                start, count = now, 0
            self._failures[sender, address] = start, count + 1
            _trim(self._failures, (sender, address))

    def is_tiresome(self, sender: Hashable, address: str | None) -> bool:
        """Tell whether an address has failed too often under a sender's name.

        :param sender: see :meth:`last_form`
        :param address: IP address that a message came from
        """
        start, count = self._failures.get((sender, address), (0.0, 0))
        return count >= MAX_FAILURES and self._clock() - start <= _WINDOW_S


def _trim(entries: OrderedDict[Hashable, Any], latest: Hashable) -> None:
    entries.move_to_end(latest)
    while len(entries) > _MAX_ENTRIES:
        entries.popitem(last=False)
