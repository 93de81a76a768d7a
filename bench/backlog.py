"""A backlog of deaths shared by several processes: of Odoo's scheduler, and of OCA's job queue.

What a core does counts: events per second of processor time, of the server's processes and their
database sessions together. Other work on the machine hardly disturbs it, unlike the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from devtools.odoo import Odoo

from .arena import Arena, Script, arena, install
from .figures import ratio_figure

SIZE = 3000
ROUNDS = 5
# Processes of the scheduler over one backlog, in the order of each round.
SCHEDULERS = (1, 2, 4)
# Processes on each side of the comparison with the job queue.
PROCESSES = 2


@dataclass(frozen=True)
class Pace:
    """How fast a backlog was processed: deaths per second by the clock, and of processor time."""

    by_clock: float
    per_core: float


def run(odoo: Odoo) -> dict:
    """Measure `processing_queue_job` and `processing_scale`; see docs/benchmarks.md."""
    with ExitStack() as stack:
        scheduler = stack.enter_context(arena(odoo, "scheduler"))
        queue = stack.enter_context(arena(odoo, "queue"))
        install(queue, "queue_job")
        by_scheduler = stack.enter_context(
            backlogs(scheduler, schedulers=max(SCHEDULERS), per_round=len(SCHEDULERS))
        )
        channels = f"root:{PROCESSES},root.crvs:{PROCESSES}"
        by_jobs = stack.enter_context(backlogs(queue, workers=PROCESSES, job_channels=channels))
        rounds = []
        for _round in range(ROUNDS + 1):
            paces = {count: by_scheduler.pace(count) for count in SCHEDULERS}
            rounds.append((paces, by_jobs.pace(1)))
    return figures(rounds[1:])  # the first one warmed every process up


def figures(rounds: list[tuple[dict[int, Pace], Pace]]) -> dict:
    """Make the figures of rounds.

    :param rounds: for each round the paces by number of scheduler processes, and that of
        `PROCESSES` processes of the job queue
    """
    paces = {count: [one[count] for one, _jobs in rounds] for count in SCHEDULERS}
    jobs = [by_jobs for _paces, by_jobs in rounds]
    peers = paces[PROCESSES]
    return {
        "processing_queue_job": ratio_figure(
            [ours.per_core / theirs.per_core for ours, theirs in zip(jobs, peers, strict=True)],
            unit="deaths/s per core by jobs per death/s per core by the scheduler, "
            f"{PROCESSES} processes each",
            jobs_per_s_and_core=middle(jobs, "per_core"),
            scheduler_per_s_and_core=middle(peers, "per_core"),
            jobs_per_s=middle(jobs, "by_clock"),
            scheduler_per_s=middle(peers, "by_clock"),
            best_jobs_per_s=best(jobs),
            best_scheduler_per_s=best(peers),
        ),
        "processing_scale": ratio_figure(
            [two.by_clock / one.by_clock for two, one in zip(peers, paces[1], strict=True)],
            unit=f"deaths/s by {PROCESSES} processes of the scheduler per death/s by one",
            deaths_per_s={str(count): middle(paces[count], "by_clock") for count in SCHEDULERS},
            best_deaths_per_s={str(count): best(paces[count]) for count in SCHEDULERS},
            per_s_and_core={str(count): middle(paces[count], "per_core") for count in SCHEDULERS},
        ),
    }


def middle(paces: list[Pace], which: str) -> float:
    """Return the median of one kind of pace."""
    return round(median(getattr(pace, which) for pace in paces), 1)


def best(paces: list[Pace]) -> float:
    """Return the best pace by the clock: the one that other work disturbed least."""
    return round(max(pace.by_clock for pace in paces), 1)


class Backlogs:
    """Gives a running server one backlog after the other.

    :param own: where the server runs
    :param script: `backlog_rounds` on the same database
    """

    def __init__(self, own: Arena, script: Script):
        self._own = own
        self._script = script
        self._first = 0

    def pace(self, schedulers: int) -> Pace:
        """Measure from the commit of a backlog until its last registrant is done.

        :param schedulers: how many scheduled actions share it
        """
        said = self._script.ask(
            first=self._first, count=SIZE, schedulers=schedulers, server=self._own.pid
        )
        self._first += SIZE
        return Pace(SIZE / said["seconds"], SIZE / said["processor_seconds"])


@contextmanager
def backlogs(
    own: Arena, *, schedulers: int = 1, per_round: int = 1, **server: object
) -> Iterator[Backlogs]:
    """Run a server for all rounds.

    :param schedulers: most scheduled actions that share a backlog, each with a process
    :param per_round: how many backlogs there will be in each round
    :param server: more of what the server is started with
    """
    registrants = (ROUNDS + 1) * per_round * SIZE
    arguments = {"registrants": registrants, "schedulers": schedulers}
    with own.start("backlog_rounds", **arguments) as script:
        script.hear()
        with own.server(schedulers=schedulers, **server):
            yield Backlogs(own, script)
