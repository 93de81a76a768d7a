"""The scheduler is woken by every message, whenever that comes."""

import random
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from ..helpers.callback import new_key
from ..helpers.population import Population, mixed_events
from ..helpers.push import Pusher, signed
from ..helpers.server import OdooServer, wait_until

ROUNDS, AT_ONCE = 25, 4
# A run begins and ends within this time after a message, more or less.
RUN_S = 0.3


class TestWakeUp(unittest.TestCase):
    def test_no_wake_up_is_missed(self):
        """The regular turn is a day away, so only the messages themselves wake the scheduler."""
        server = OdooServer("wake_up").for_test(self)
        key = new_key()
        population = Population(server, mixed_events(ROUNDS * AT_ONCE // 2), key)
        server.forget_regular_turns()
        server.start(workers=2, crons=1)
        pusher = Pusher(server, [signed([vital], key) for vital in population.vitals])
        draw = random.Random(ROUNDS)

        def push(number, delay):
            time.sleep(delay)
            pusher.push(number)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, ROUNDS * AT_ONCE, AT_ONCE):
                # Together with others, while the scheduler runs, and while it goes to sleep.
                delays = [0, *(draw.uniform(0, RUN_S) for _number in range(AT_ONCE - 1))]
                list(pool.map(push, range(start, start + AT_ONCE), delays))
                # No message of the next round makes up for a missed one of this round.
                wait_until(lambda: population.processed() == start + AT_ONCE)  # noqa: B023
        population.assert_right(self)
