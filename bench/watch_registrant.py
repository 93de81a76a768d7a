"""Waits until a registrant is disabled.

Usage: python -m bench.watch_registrant, with libpq's variables saying where. Reads `{"number": n}`
lines, and answers each as soon as the n-th registrant is disabled.
"""

from __future__ import annotations

import time

import psycopg2

from bench.inside.events import uin
from bench.inside.talk import questions, say

_DISABLED = """
    SELECT partner.disabled IS NOT NULL
      FROM res_partner partner
      JOIN spp_registry_id number ON number.partner_id = partner.id
     WHERE number.value = %s
"""


def main() -> None:
    """Answer questions until there are no more."""
    connection = psycopg2.connect("")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for question in questions():
            start = time.perf_counter()
            while time.perf_counter() < start + 60:
                cursor.execute(_DISABLED, [uin(question["number"])])
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.005)
            else:
                raise TimeoutError("the registrant was not disabled within a minute")
            say(waited=time.perf_counter() - start)
    connection.close()


if __name__ == "__main__":
    main()
