"""Refused messages that are not written yet, counted in the memory of this process (pure Python).

Whoever refuses a thousand messages a second may not write a thousand rows: each pair of sender and
reason is written at most once a minute, and of names that nobody knows only so many a minute get a
row of their own.
"""

import threading
import time
from collections import OrderedDict
from typing import NamedTuple

#: Seconds between two writes of the same row.
PERIOD_S = 60
#: Names of strangers that get a row of their own, within one period.
MAX_STRANGERS = 10
#: Rows that are remembered at all.
MAX_ENTRIES = 500
#: Seconds without a try after one that failed or met another worker's.
PAUSE_S = 5

#: Stand for the name of a sender; no sender ID has a blank in it.
UNREADABLE = "(not readable)"
OTHERS = "(many others)"


class Key(NamedTuple):
    """What a row is about; no more than one row for each.

    :param sender: the name that was claimed
    :param reason: of the refusal, see ``services.errors``
    """

    sender: str
    reason: str


class Refusals:
    """What was refused of one row since it was written last.

    :param count: how many
    :param last: what is known of the last one
    """

    def __init__(self):
        self.count = 0
        self.last = None
        self.written = float("-inf")


class RefusalCounts:
    """Counts refused messages and says which rows are due.

    :param clock: seconds, never going back
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._entries = OrderedDict()
        self._strangers = (clock(), set())
        self._quiet_until = float("-inf")
        self._lock = threading.Lock()

    def add(self, sender, reason, last, known=False):
        """Count one.

        :param str sender: the name that was claimed, '' when it cannot be read
        :param str reason: why it was refused
        :param last: what to keep of the last one
        :param bool known: whether that name is one that somebody entered here
        """
        with self._lock:
            sender = sender or UNREADABLE
            if not known and sender != UNREADABLE and not self._admits(sender):
                sender = OTHERS
            key = Key(sender, reason)
            entry = self._entries.setdefault(key, Refusals())
            entry.count += 1
            entry.last = last
            self._entries.move_to_end(key)
            while len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)

    def due(self):
        """Return how many of which rows are to be written now, with the last of each.

        Who takes them calls :meth:`written` or :meth:`failed` afterwards.

        :rtype: dict[Key, tuple[int, object]]
        """
        now = self._clock()
        with self._lock:
            if now < self._quiet_until:
                return {}
            found = {
                key: (entry.count, entry.last)
                for key, entry in self._entries.items()
                if entry.count and now - entry.written >= PERIOD_S
            }
            if found:
                # No other thread of this process takes them meanwhile.
                self._quiet_until = now + PAUSE_S
            return found

    def written(self, tried, done):
        """Note which rows were written; what is left of them waits for its next turn.

        :param dict tried: what :meth:`due` returned
        :param done: the keys that were written, the others had their turn in another process
        """
        now = self._clock()
        with self._lock:
            self._quiet_until = float("-inf")
            for key, (count, _last) in tried.items():
                if entry := self._entries.get(key):
                    entry.written = now
                    entry.count -= count if key in done else 0

    def held(self, sender, reason):
        """Return how many of a row are not written yet.

        :rtype: int
        """
        with self._lock:
            entry = self._entries.get(Key(sender, reason))
            return entry.count if entry else 0

    def _admits(self, sender):
        start, names = self._strangers
        now = self._clock()
        if now - start > PERIOD_S:
            names = set()
            self._strangers = (now, names)
        if sender in names:
            return True
        if len(names) < MAX_STRANGERS:
            names.add(sender)
            return True
        return False
