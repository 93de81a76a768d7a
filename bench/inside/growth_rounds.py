"""Times batches of deaths among more and more registrants."""

from bench.inside import deaths, people, talk

given = talk.arguments()
size, rounds = given["size"], given["rounds"]
sender, source = people.trust(env)  # noqa: F821
people_so_far = 0
for people_now in given["registrants"]:
    people.populate(env, people_now, start=people_so_far)  # noqa: F821
    seconds = []
    for number in range(rounds + 1):
        # Spread over all registrants, none twice.
        step = (people_now - people_so_far) // (size * (rounds + 1))
        offset = people_so_far + number * size * step
        chosen = range(offset, offset + size * step, step)
        deaths.store(env, sender, source, chosen)  # noqa: F821
        seconds.append(deaths.process_together(env, size))  # noqa: F821
    talk.say(registrants=people_now, seconds=seconds[1:])
    people_so_far = people_now
