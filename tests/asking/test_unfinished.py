"""What a registry has not finished, or refuses, is never "alive", "not found" or "no more".

Every kind of answer, over every status of the header and of its item, and every shape of the item.
"""

from datetime import date
from itertools import product

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...services.asking.paging import WindowReader
from ...services.asking.registry import Registry
from ...services.crvs_service import CRVSService
from ..helpers.registry import FakeRegistryCase

HEADERS = (None, "", "succ", "SUCC", "pdng", "rcvd", "rjct", "whatever")
ITEM = {"timestamp": "2026-11-20T10:00:00+00:00"}
NO_RECORDS = {"data": {"version": "1.0.0", "reg_records": []}}
#: An answer's items by name; None for an answer that has none at all.
ITEMS = {
    "none": None,
    "nothing said": {},
    "not found": {"status": "succ", **NO_RECORDS},
    "not found, counted": {"status": "succ", **NO_RECORDS, "pagination": {"total_count": 0}},
    "no status": NO_RECORDS,
    "pending": {"status": "pdng"},
    "pending, with data": {"status": "pdng", **NO_RECORDS},
    "received": {"status": "rcvd", **NO_RECORDS},
    "refused": {"status": "rjct", "status_reason_code": "rjct.filter.invalid"},
    "refused, with data": {"status": "rjct", **NO_RECORDS},
    "unknown status": {"status": "later", **NO_RECORDS},
    "counted, not sent": {
        "status": "succ",
        **NO_RECORDS,
        "pagination": {"total_count": 3, "page_size": 10, "page_number": 1},
    },
}
#: What says that the registry knows no such record, whatever the header says.
SAYS_NOT_FOUND = {"not found", "not found, counted"}
#: The same, unless the header says that it has not finished, or refuses.
UNLESS_OPEN = {"none", "no status"}


def says_not_found(header, name):
    if (header or "").lower() == "rjct":
        return False
    finished = (header or "").lower() not in ("pdng", "rcvd")
    return name in SAYS_NOT_FOUND or (name in UNLESS_OPEN and finished)


@tagged("post_install", "-at_install")
class TestUnfinished(FakeRegistryCase):
    def setUp(self):
        super().setUp()
        self.source.signing_key_id = self.make_signing_key("rs256")
        self.source.answer_verification = "ignore"

    def service(self):
        return CRVSService(self.env, self.source.code)

    def envelope(self, header, item, transaction_id, references):
        items = (
            [] if item is None else [{**ITEM, "reference_id": ref, **item} for ref in references]
        )
        return {
            "header": {"action": "on-search", "message_id": "1"}
            | ({} if header is None else {"status": header}),
            "message": {
                "transaction_id": transaction_id,
                "correlation_id": "c-1",
                "search_response": items,
            },
        }

    def for_each(self, check):
        """Let the registry give each answer, in each dialect.

        :param check: called with whether the answer says "not found"; returns what it is taken for
            and what it should be
        """
        wrong = []
        for dialect in ("standard", "opencrvs"):
            self.source.dialect = dialect
            for header, (name, item) in product(HEADERS, ITEMS.items()):

                def answer(request, header=header, item=item):
                    message = request["message"]
                    references = [one["reference_id"] for one in message["search_request"]]
                    return self.envelope(header, item, message["transaction_id"], references)

                self.answer(answer)
                told, expected = check(says_not_found(header, name))
                if told != expected:
                    wrong.append((dialect, header, name, told))
        self.assertEqual(wrong, [])

    def tells(self, ask):
        """Return what an answer is taken for; None for "could not tell"."""
        try:
            return ask()
        except UserError:
            return None

    def test_check_death(self):
        def check(not_found):
            told = self.tells(lambda: self.service().check_death("UIN", "847951632"))
            return told, False if not_found else None

        self.for_each(check)

    def test_check_deaths(self):
        def check(not_found):
            (told,) = self.service().check_deaths([("UIN", "847951632")])
            return told.status == "failed", not not_found

        self.for_each(check)

    def test_verify_birth(self):
        def check(not_found):
            told = self.tells(lambda: (self.service().verify_birth("UIN", "847951632"),))
            return told, (None,) if not_found else None

        self.for_each(check)

    def test_pull(self):
        def check(not_found):
            reader = WindowReader(Registry(self.env, self.source), "death", 10, None, self.fail)
            told = self.tells(lambda: reader.read(date(2026, 1, 1), date(2026, 1, 31)) or True)
            return told, True if not_found else None

        self.for_each(check)

    def test_answers_that_come_later(self):
        wrong = []
        for dialect, header, name, purpose in product(
            ("standard", "opencrvs"), HEADERS, ITEMS, ("death", "birth")
        ):
            self.source.dialect = dialect
            request = self.env["spp.dci.crvs.request"]._open(
                self.source, purpose, {"r-1": {"type": "UIN", "value": "847951632"}}
            )
            answer = self.envelope(header, ITEMS[name], request.transaction_id, ["r-1"])
            request._keep_answer_at_once(answer["message"], answer["header"])
            told = (request.result or {}).get("r-1", {}).get("status", "failed")
            if (told == "failed") == says_not_found(header, name):
                wrong.append((dialect, header, name, purpose, told))
        self.assertEqual(wrong, [])
