"""Times deaths in batches, one by one, and bare writes on registrants."""

import time

from bench.inside import deaths, people, talk

given = talk.arguments()
size, rounds = given["size"], given["rounds"]
sender, source = people.trust(env)  # noqa: F821
partners = people.populate(env, size * 3 * (rounds + 1))  # noqa: F821
first = 0
for number in range(rounds + 1):
    deaths.store(env, sender, source, range(first, first + size))  # noqa: F821
    together = deaths.process_together(env, size)  # noqa: F821
    stored = deaths.store(env, sender, source, range(first + size, first + 2 * size))  # noqa: F821
    env.invalidate_all()  # noqa: F821
    start = time.perf_counter()
    for event in stored:
        assert event.process_event()  # noqa: S101
        env.cr.commit()  # noqa: F821
    one_by_one = time.perf_counter() - start
    bare = env["res.partner"].browse(partners[first + 2 * size : first + 3 * size])  # noqa: F821
    start = time.perf_counter()
    for partner in bare:
        partner.write({"ref": f"bench {number}"})
        partner.flush_recordset()
    env.cr.commit()  # noqa: F821
    written = time.perf_counter() - start
    first += 3 * size
    if number:  # the first round warms up
        talk.say(together=together, one_by_one=one_by_one, written=written)
