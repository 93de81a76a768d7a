"""Stores and processes deaths, and times it; what several benchmarks of the engine share."""

import time

from odoo.addons.spp_dci_client_crvs.services import records

from bench.inside import events


def store(env, sender, source, numbers):
    """Store one death for each of the numbered registrants, committed."""
    message = {"notify_event": [events.item(number) for number in numbers]}
    vitals = records.read_notification(message).events
    stored = env["spp.dci.crvs.event"]._store(vitals, sender=sender, data_source=source)
    env.cr.commit()
    return stored


def process_together(env, count):
    """Process what is due in one batch, as the scheduler does.

    :return: seconds
    """
    env.invalidate_all()
    start = time.perf_counter()
    claimed = env["spp.dci.crvs.event"]._as_processor()._claim(count)
    claimed._process_batch()
    env.cr.commit()
    seconds = time.perf_counter() - start
    states = set(claimed.mapped("outcome"))
    kinds = set(claimed.mapped("error_kind"))
    assert len(claimed) == count and states == {"applied"}, (len(claimed), states, kinds)  # noqa: S101
    return seconds
