"""Stores backlogs of deaths for the processes of a server, and times until they are done.

Reads `{"first": …, "count": …, "schedulers": …, "server": …}`: whose deaths, how many scheduled
actions are to share them, and the process id of the server.
"""

import time

import psutil
from psycopg2.extensions import TransactionRollbackError

from bench.inside import deaths, people, talk

PAUSE_S = 0.02
FINAL = "SELECT count(*) FROM spp_dci_crvs_event WHERE state = 'processed' AND outcome = 'applied'"
SESSIONS = """
    SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend'
       AND pid != pg_backend_pid()
"""

given = talk.arguments()
sender, source = people.trust(env)  # noqa: F821
people.populate(env, given["registrants"])  # noqa: F821
first_action = env.ref("spp_dci_client_crvs.ir_cron_process_events")  # noqa: F821
env.cr.execute("UPDATE ir_cron SET nextcall = now() + interval '2 days'")  # noqa: F821
first_action.invalidate_recordset()
actions = first_action
for number in range(1, given["schedulers"]):
    actions |= first_action.copy({"name": f"{first_action.name} {number}"})
env.cr.commit()  # noqa: F821


def switch_on(count):
    """Leave so many scheduled actions on, as soon as none of them runs any more.

    No wake-up is left over that a worker may have seen while we had the records locked.
    """
    while True:
        try:
            if actions.try_lock_for_update() == actions:
                actions[:count].active = True
                actions[count:].active = False
                wake_ups = env["ir.cron.trigger"].search([("cron_id", "in", actions.ids)])  # noqa: F821
                wake_ups.unlink()
                env.cr.commit()  # noqa: F821
                return
        except TransactionRollbackError:
            pass
        env.cr.rollback()  # noqa: F821
        time.sleep(PAUSE_S)


def wait_until_processed():
    """Wait until no event waits for anything."""
    while True:
        env.cr.execute("SELECT FROM spp_dci_crvs_event WHERE next_attempt IS NOT NULL LIMIT 1")  # noqa: F821
        left = env.cr.rowcount  # noqa: F821
        env.cr.rollback()  # noqa: F821
        if not left:
            return
        time.sleep(PAUSE_S)


def processor_seconds(server):
    """Return the processor time of a server's processes and of their database sessions so far.

    :rtype: dict[int, float]
    """
    main = psutil.Process(server)
    pids = [main.pid, *(child.pid for child in main.children(recursive=True))]
    if env.cr._cnx.info.host.startswith("/"):  # noqa: F821  else its processes are elsewhere
        env.cr.execute(SESSIONS)  # noqa: F821
        pids += [row[0] for row in env.cr.fetchall()]  # noqa: F821
        env.cr.rollback()  # noqa: F821
    found = {}
    for pid in pids:
        try:
            found[pid] = sum(psutil.Process(pid).cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return found


talk.say(ready=True)
for asked in talk.questions():
    switch_on(asked["schedulers"])
    last = asked["first"] + asked["count"]
    deaths.store(env, sender, source, range(asked["first"], last))  # noqa: F821
    before, start = processor_seconds(asked["server"]), time.perf_counter()
    wait_until_processed()
    seconds, after = time.perf_counter() - start, processor_seconds(asked["server"])
    env.cr.execute(FINAL)  # noqa: F821
    assert env.cr.fetchone() == (last,)  # noqa: S101, F821
    env.cr.rollback()  # noqa: F821
    spent = sum(used - before.get(pid, 0) for pid, used in after.items())
    talk.say(seconds=seconds, processor_seconds=spent)
