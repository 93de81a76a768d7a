"""What holds for any record and any registrant; pytest's alone, since it takes Hypothesis."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ..helpers.events import EventCase

FACTS = ("birthdate", "death_date", "disabled", "disabled_reason", "civil_status_id")
days = st.dates(min_value=date(1905, 1, 2), max_value=date(2023, 12, 31))
kinds = st.sampled_from(["birth", "death", "marriage", "divorce"])


class TestProperties(EventCase):
    def state(self, partner):
        """Everything of a registrant that a vital event may change."""
        partner.invalidate_recordset()
        numbers = partner.reg_ids.sorted("id").mapped(lambda n: (n.value, n.status or ""))
        return [partner[name] for name in FACTS], numbers

    def in_its_own(self, work):
        """Do something and take it back, so that one example does not meet another."""
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            work()
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_nobody_changes_whose_birth_date_contradicts(self):
        @given(kinds, days, st.booleans(), st.integers(11, 90), st.booleans(), st.booleans())
        def holds(kind, ours, is_approximate, years, older, is_partial):
            year = ours.year - years if older else ours.year + years
            theirs = str(year) if is_partial else f"{year}-{ours:%m}-15"

            def work():
                ana = self.registrant(
                    ids={"UIN": "P-1"}, birthdate=ours, birthdate_not_exact=is_approximate
                )
                before = self.state(ana)
                ids = {"UIN": "P-1", "BRN": "P-B", "DRN": "P-D", "MRN": "P-M"}
                record = {"birth_date": theirs}
                day = theirs if kind == "birth" else "2024-05-01"
                self.process(kind, ids, day, **record)
                self.assertEqual(self.state(ana), before)

            if 1800 < year < 2024:
                self.in_its_own(work)

        holds()

    def test_applied_and_undone_is_what_it_was(self):
        @given(
            st.lists(st.tuples(kinds, st.integers(0, 700)), min_size=1, max_size=3),
            st.sampled_from([None, date(1960, 3, 9)]),
            st.sampled_from([None, "S", "M", "D"]),
            st.randoms(use_true_random=False),
        )
        def holds(events, birthdate, status, random):
            def work():
                ana = self.registrant(
                    ids={"UIN": "P-1"},
                    birthdate=birthdate,
                    birthdate_not_exact=True,
                    civil_status_id=status and self.civil_status(status).id,
                )
                before = self.state(ana)
                applied = []
                for position, (kind, after) in enumerate(events):
                    day = date(2020, 1, 1) + timedelta(days=after)
                    if kind == "birth":
                        day = date(1961, 1, 1) + timedelta(days=after)
                    ids = {"UIN": "P-1", "BRN": f"B-{position}", "MRN": f"M-{position}"}
                    event = self.process(kind, ids, day)
                    if event.state == "processed":
                        applied.append(event)
                random.shuffle(applied)
                for event in applied:
                    if event.active and event.state == "processed":
                        self.undo(event)
                        self.run_due()
                for event in self.events.search([("person_id", "=", ana.id)]):
                    if event.state == "processed" and event.changes:
                        self.undo(event)
                facts, numbers = self.state(ana)
                numbers = [number for number in numbers if number[1] != "invalid"]
                self.assertEqual((facts, numbers), before)

            self.in_its_own(work)

        holds()

    def undo(self, event):
        wizard = self.env["spp.dci.crvs.event.reverse"].with_user(self.manager)
        action = event.with_user(self.manager).action_reverse()
        wizard.with_context(**action["context"]).create({"reason": "wrong"}).action_confirm()
        self.env.invalidate_all()
