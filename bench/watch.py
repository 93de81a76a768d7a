"""Watches the database until nothing is left to process.

Usage: python -m bench.watch, with libpq's variables saying where. Reads `{}` lines, and answers
each as soon as no event is due.
"""

from __future__ import annotations

import time

import psycopg2

from bench.inside.talk import questions, say

_PAUSE_S = 0.05
_DUE = (
    "SELECT EXISTS (SELECT FROM spp_dci_crvs_event WHERE next_attempt <= now() AT TIME ZONE 'UTC')"
)


def main() -> None:
    """Answer questions until there are no more."""
    connection = psycopg2.connect("")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for _question in questions():
            start = time.perf_counter()
            while True:
                cursor.execute(_DUE)
                if not cursor.fetchone()[0]:
                    break
                time.sleep(_PAUSE_S)
            say(waited=time.perf_counter() - start)
    connection.close()


if __name__ == "__main__":
    main()
