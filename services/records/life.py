"""Whether a record says that its person is dead. Pure: imports nothing of Odoo."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from .persons import Person

# It is tomorrow already where some registries are.
_AHEAD = timedelta(days=1)


class Life(NamedTuple):
    """What a record says of life and death.

    :param is_dead: there is a sign of death
    :param day: the day of death where the record has a usable one
    :param is_doubtful: something of a death is written that is no sign of one, so that the person
        is not said to live either
    """

    is_dead: bool
    day: date | None = None
    is_doubtful: bool = False


def read_life(person: Person, names_death: bool, today: date) -> Life:
    """Look for signs of death.

    A usable date of death; a death registration number of the person; that the person is deceased,
    in so many words; an event or register of deaths. A date that stands for none, one in the
    future or before the record's own birth is no sign.

    :param person: as read
    :param names_death: whether the answer or the record names a register or event of death
    :param today: the present day
    """
    written = person.death
    day = written.day
    if day and (day > today + _AHEAD or (person.birth.day and day < person.birth.day)):
        day = None
    signs = names_death or person.has_death_number or person.is_deceased is True
    if signs:
        return Life(True, day)
    if day:
        # One member says dead, another that the person lives.
        return Life(person.is_deceased is not False, day, person.is_deceased is False)
    return Life(False, None, bool(written.text))
