"""Many registrants, their vital events, and what must have become of both in the end."""

import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from .callback import SENDER, item, pem_of

_FIRST_DAY = date(2000, 1, 1)
_NUMBER = {"birth": "BRN", "death": "DRN", "marriage": "MRN"}
_STATUS = {"marriage": "M", "divorce": "D"}


@dataclass(frozen=True)
class Vital:
    """A vital event of the registrants of these numbers."""

    event_type: str
    person: int
    day: date
    spouse: int | None = None

    @property
    def number(self):
        """The registration number, the same for both of a couple."""
        code = _NUMBER.get(self.event_type)
        return code and f"{code}-{self.person}-{self.day:%Y%m%d}"

    def item(self):
        """Return it as an item of a standard notification."""
        identifiers = [("UIN", uin(self.person))]
        if self.number:
            identifiers.append((_NUMBER[self.event_type], self.number))
        record = {f"{self.event_type}_date": self.day.isoformat()}
        if self.spouse is not None:
            record["spouse"] = {
                "identifier": [{"identifier_type": "UIN", "identifier_value": uin(self.spouse)}]
            }
        return item(self.event_type, identifiers, **record)


def uin(person):
    return f"FAULT-{person}"


def mixed_events(people):
    """Return two events for each of so many registrants, of all four types, in any order."""
    draw = random.Random(people)
    types = (("birth", "death"), ("birth", "marriage"), ("marriage", "divorce"))
    vitals = []
    for person in range(people):
        days = [_FIRST_DAY + timedelta(days=draw.randrange(3000)) for _event in range(2)]
        if person % 3 == 0:
            days.sort()  # nobody dies before being born
        for event_type, day in zip(types[person % 3], days, strict=True):
            # The next registrant has a marriage and a divorce of its own.
            married = event_type == "marriage" and person % 3 == 1 and person + 1 < people
            vitals.append(Vital(event_type, person, day, person + 1 if married else None))
    draw.shuffle(vitals)
    return vitals


def marriages_and_divorces(people, each):
    """Return histories of marriages and divorces, `each` per registrant, in any order.

    Two in five marriages name the next registrant as the spouse.
    """
    draw = random.Random(people)
    vitals = []
    for person in range(people):
        days = draw.sample(range(3000), each)
        for index, day in enumerate(sorted(days)):
            event_type = ("marriage", "divorce")[index % 2]
            # A divorce from somebody else than the spouse would be for an officer to look at.
            is_with_next = event_type == "marriage" and draw.random() < 0.4
            spouse = (person + 1) % people if is_with_next else None
            vitals.append(Vital(event_type, person, _FIRST_DAY + timedelta(days=day), spouse))
    draw.shuffle(vitals)
    return vitals


def _assert_same(test, got, wanted):
    """Compare two collections without regard to order, showing only what differs."""
    got, wanted = Counter(got), Counter(wanted)
    test.assertEqual((got - wanted, wanted - got), (Counter(), Counter()), "(too many, missing)")


class Population:
    """Registrants on a server's database, each with an enrolled membership, and their events.

    :param OdooServer server: on whose database they are made
    :param list[Vital] vitals: all that ever happens to them
    :param key: private key of the sender that is made beside them
    """

    def __init__(self, server, vitals, key):
        self.server = server
        self.vitals = vitals
        self.people = 1 + max(vital.person for vital in vitals)
        with_programs = server.run(
            f"""
env["spp.dci.crvs.sender"].create({{
    "name": "Test Registry", "sender_id": {SENDER!r}, "algorithm": "ed25519",
    "public_key": {pem_of(key)!r}, "max_deaths_per_hour": 1000000}})
uin = env["spp.vocabulary.code"].search([
    ("code", "=", "UIN"), ("namespace_uri", "=", "urn:openspp:vocab:id-type")])
people = env["res.partner"].with_context(tracking_disable=True).create([
    {{"name": f"Registrant {{n}}", "is_registrant": True, "reg_ids": [
        (0, 0, {{"id_type_id": uin.id, "value": f"FAULT-{{n}}"}})]}}
    for n in range({self.people})])
if "spp.program" in env:
    program = env["spp.program"].create({{"name": "Food"}})
    env["spp.program.membership"].create([
        {{"partner_id": person.id, "program_id": program.id, "state": "enrolled"}}
        for person in people])
    print("programs")
"""
        )
        self.with_programs = "programs" in with_programs

    def processed(self):
        """Return how many events are processed."""
        return self.server.query(
            "SELECT count(*) FROM spp_dci_crvs_event WHERE state = 'processed'"
        )[0][0]

    def assert_right(self, test):
        """Check every event, and every registrant for having each effect exactly once.

        :param unittest.TestCase test: fails when anything is wrong
        """
        test.maxDiff = 2000
        partners = dict(
            self.server.query(
                "SELECT value, partner_id FROM spp_registry_id WHERE value LIKE 'FAULT-%'"
            )
        )
        self.ids = {person: partners[uin(person)] for person in range(self.people)}
        self._assert_events(test)
        attempts = self.server.query("SELECT attempts FROM spp_dci_crvs_event")
        _assert_same(
            test,
            [row[0] for row in attempts],
            [1] * len(self.vitals),
        )
        self._assert_partners(test)
        self._assert_numbers(test)
        self._assert_changes_and_notes(test)
        if self.with_programs:
            self._assert_memberships(test)

    def _assert_events(self, test):
        rows = self.server.query(
            """
            SELECT event_type, event_date, identifier_value, state, error_kind IS NULL,
                   -- A divorce of somebody divorced before changes nothing.
                   outcome IN ('applied', 'superseded')
                   OR (event_type = 'divorce' AND outcome = 'no_effect'), person_id
              FROM spp_dci_crvs_event
            """
        )
        wanted = [
            (v.event_type, v.day, uin(v.person), "processed", True, True, self.ids[v.person])
            for v in self.vitals
        ]
        _assert_same(test, rows, wanted)

    def _assert_partners(self, test):
        wanted = {}
        for person, vitals in self._by_person().items():
            status = [v for v in vitals if v.event_type in _STATUS]
            # On one day a divorce follows a marriage.
            last = max(status, key=lambda v: (v.day, v.event_type == "divorce"), default=None)
            births = [v.day for v in vitals if v.event_type == "birth"]
            deaths = [v.day for v in vitals if v.event_type == "death"]
            wanted[self.ids[person]] = (
                births[0] if births else None,
                deaths[0] if deaths else None,
                bool(deaths),
                last and _STATUS[last.event_type],
            )
        rows = self.server.query(
            """
            SELECT partner.id, birthdate, death_date, disabled IS NOT NULL, code.code
              FROM res_partner partner
              LEFT JOIN spp_vocabulary_code code ON code.id = partner.civil_status_id
             WHERE partner.id = ANY(%s)
            """,
            list(self.ids.values()),
        )
        test.assertEqual({row[0]: row[1:] for row in rows}, wanted)

    def _by_person(self):
        by_person = defaultdict(list)
        for vital in self.vitals:
            by_person[vital.person].append(vital)
            if vital.spouse is not None:
                by_person[vital.spouse].append(vital)
        return by_person

    def _assert_numbers(self, test):
        rows = self.server.query(
            """
            SELECT partner_id, code.code, value, status
              FROM spp_registry_id number
              JOIN spp_vocabulary_code code ON code.id = number.id_type_id
             WHERE code.code IN ('BRN', 'DRN', 'MRN')
            """
        )
        once = [row for row in rows if row[1] != "MRN"]
        wanted = [
            (self.ids[v.person], _NUMBER[v.event_type], v.number, "valid")
            for v in self.vitals
            if v.event_type in ("birth", "death")
        ]
        _assert_same(test, once, wanted)
        couples = [row for row in rows if row[1] == "MRN"]
        test.assertEqual(len(couples), len({row[:3] for row in couples}), "a number twice")
        valid = {partner: value for partner, _code, value, status in couples if status == "valid"}
        test.assertEqual(len(valid), sum(row[3] == "valid" for row in couples))
        for person, vitals in self._by_person().items():
            # A marriage that came after a later event gives no number.
            status = [v for v in vitals if v.event_type in _STATUS]
            if not status:
                continue
            last = max(status, key=lambda v: (v.day, v.event_type == "divorce"))
            if last.event_type == "marriage":
                same_day = {
                    v.number for v in status if (v.event_type, v.day) == (last.event_type, last.day)
                }
                test.assertIn(valid.get(self.ids[person]), same_day)

    def _assert_changes_and_notes(self, test):
        """No event changed anything twice, and each left one note on whom it changed."""
        numbers = dict(self.server.query("SELECT id, partner_id FROM spp_registry_id"))
        members = {}
        if self.with_programs:
            members = dict(self.server.query("SELECT id, partner_id FROM spp_program_membership"))
        owner = {
            "res.partner": lambda entry: entry["id"],
            "spp.registry.id": lambda entry: numbers[entry["id"]],
            "spp.program.membership": lambda entry: members[entry["id"]],
        }
        wanted, disabled = set(), Counter()
        for name, changes in self.server.query("SELECT name, changes FROM spp_dci_crvs_event"):
            keys = Counter((c["model"], c["id"], c.get("field")) for c in changes or ())
            test.assertEqual(set(keys.values()) - {1}, set(), name)
            wanted.update((name, owner[c["model"]](c)) for c in changes or ())
            disabled.update(c["id"] for c in changes or () if c.get("field") == "disabled")
        test.assertEqual(set(disabled.values()) - {1}, set())
        notes = Counter(
            (name, partner)
            for partner, body in self.server.query(
                "SELECT res_id, body FROM mail_message WHERE model = 'res.partner'"
            )
            for name in re.findall(r"CRVS/\d+/\d+(?:-\d+)?", body or "")
        )
        _assert_same(test, notes.elements(), wanted)

    def _assert_memberships(self, test):
        dead = {self.ids[v.person] for v in self.vitals if v.event_type == "death"}
        rows = self.server.query(
            "SELECT partner_id, state, exit_date IS NOT NULL FROM spp_program_membership"
        )
        wanted = [
            (partner, "exited", True) if partner in dead else (partner, "enrolled", False)
            for partner in self.ids.values()
        ]
        _assert_same(test, rows, wanted)
