"""Big populations, the same at every run: for load and for checks of a whole payroll."""

import random
from datetime import date, timedelta

from .population import SPELLINGS, Marriage, Person

# The n-th person, from 0, is dead when n is a multiple of this.
DEAD_EVERY = 20
FIRST_UIN = 800_000_000

_GIVEN = {
    "female": ("Amina", "Beatriz", "Chanthou", "Deepa", "Esther", "Fatou", "Grace", "Huda"),
    "male": ("Abdul", "Bruno", "Chea", "Dawit", "Elias", "Faisal", "Gabriel", "Hassan"),
}
_FAMILY = ("Abebe", "Bello", "Chowdhury", "Dara", "Engel", "Fofana", "Gómez", "Haddad", "Ibañez")
_PLACES = ("Lakeside", "North Harbour", "Old Town", "River Bend", "Saint Mary", "Upper Valley")


def uin(number):
    """:return: the UIN of the n-th generated person, counted from 0."""
    return str(FIRST_UIN + number)


def brn(number):
    """:return: the BRN of the n-th generated person."""
    return f"GBRN-{number:07d}"


def is_dead(number):
    """:return: whether the n-th generated person is dead."""
    return number % DEAD_EVERY == 0


def generate(count, seed=1):
    """Make people up.

    :param count: how many persons.
    :param seed: another seed gives other names and dates, never other identifiers or deaths.
    :return: iterator of Person.
    """
    source = random.Random(seed)
    choice, randrange = source.choice, source.randrange
    start = date(1935, 1, 1)
    for number in range(count):
        sex = ("female", "male")[number % 2]
        person = Person(
            id=f"G{number}",
            given_name=choice(_GIVEN[sex]),
            family_name=choice(_FAMILY),
            sex=sex,
            birth_date=(start + timedelta(randrange(25_000))).isoformat(),
            identifiers={"UIN": uin(number), "BRN": brn(number)},
            birth_place=choice(_PLACES),
            spelling=SPELLINGS[number % len(SPELLINGS)],
        )
        if is_dead(number):
            person.death_date = (date(2015, 1, 1) + timedelta(randrange(4000))).isoformat()
            person.identifiers["DRN"] = f"GDRN-{number:07d}"
        partner = {1: number + 1, 2: number - 1}.get(number % 7)
        if partner is not None and partner < count:
            couple = min(number, partner)
            day = date(2005, 1, 1) + timedelta(couple % 7000)
            person.marriages = [Marriage(f"GMRN-{couple:07d}", day.isoformat(), f"G{partner}")]
            person.marital_status = "W" if is_dead(partner) else "M"
        yield person
