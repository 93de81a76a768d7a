"""How the scripts talk with the benchmark that started them: JSON objects, one a line."""

import json
import os
import sys


def arguments():
    """Return what the script was started with.

    :rtype: dict
    """
    return json.loads(os.environ["BENCH_ARGUMENTS"])


def say(**answer):
    """Tell the benchmark something."""
    print(json.dumps(answer), flush=True)


def questions():
    """Yield what the benchmark asks, until it has no more questions.

    :rtype: Iterator[dict]
    """
    for line in sys.stdin:
        yield json.loads(line)
