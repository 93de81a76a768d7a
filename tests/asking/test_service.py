"""What the service makes of every answer that a registry can give."""

import json
import time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.spp_dci_client_crvs.services import signature
from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService
from odoo.addons.spp_dci_client_crvs.services.wire import envelope as envelopes

from ..helpers.callback import header, item, new_key, notification, pem_of
from ..helpers.fake_registry import found, person
from ..helpers.registry import FakeRegistryCase

UIN = "847951632"
OTHER = {"identifier": [{"identifier_type": "UIN", "identifier_value": "111"}]}
DEAD = {"death_date": "2024-12-01"}


@tagged("post_install", "-at_install")
class TestConstruction(FakeRegistryCase):
    def test_unknown_data_source(self):
        with self.assertRaises(UserError) as caught:
            CRVSService(self.env, "nothing_there")
        self.assertNotIsInstance(caught.exception, ValidationError)

    def test_not_of_a_civil_registry(self):
        self.make_source(self.fake.url, "farmers", registry_type="FR")
        with self.assertRaises(ValidationError):
            CRVSService(self.env, "farmers")

    def test_code_must_be_text(self):
        for code in (None, 1, ["crvs_main"], ""):
            with self.subTest(code), self.assertRaises(UserError):
                CRVSService(self.env, code)

    def test_any_state(self):
        self.answer(lambda request: found(request, person(**DEAD)))
        for state in ("draft", "testing", "active", "error"):
            self.source.state = state
            self.assertIs(CRVSService(self.env).check_death("UIN", UIN), True)

    def test_a_user_without_rights_on_credentials(self):
        self.source.write({"auth_type": "bearer", "bearer_token": "secret"})
        self.answer(lambda request: found(request, person(**DEAD)))
        env = self.env(user=self.env.ref("base.public_user"))
        self.assertIs(CRVSService(env).check_death("UIN", UIN), True)

    def test_wrong_arguments(self):
        service = self.service()
        for arguments in (
            ("UIN", ""),
            ("UIN", "  "),
            ("", UIN),
            (None, UIN),
            ("UIN", None),
            ("UIN", 847951632),
            (["UIN"], UIN),
            ("UIN", {"value": UIN}),
            ("UIN", "8" * 256),
            ("UIN", "847\x00"),
            ("SHOE_SIZE", "42"),
        ):
            for name in ("verify_birth", "check_death", "death_details", "request_birth"):
                with self.subTest(name, arguments=arguments), self.assertRaises(ValidationError):
                    getattr(service, name)(*arguments)
        for pairs in (None, "UIN", 1, {"UIN": UIN}):
            for name in ("check_deaths", "iter_check_deaths", "request_deaths"):
                with self.subTest(name, pairs=pairs), self.assertRaises(ValidationError):
                    getattr(service, name)(pairs)
        self.assertEqual(self.fake.requests, [])

    def test_a_bare_dict_is_no_notification(self):
        for message in ({}, {"header": {}, "message": {}}, None):
            with self.subTest(message), self.assertRaises(ValidationError):
                self.service().process_notification(message)

    def test_a_verified_notification_is_stored(self):
        sender = self.make_sender("crvs.example.org", pem_of(new_key()))
        self.source.crvs_sender_id = sender
        late = item(death_date="2026-10-31T17:00:00Z")
        body = {"header": header(), "message": notification(late)}
        verified = signature.unsigned(
            envelopes.parse(json.dumps(body).encode()), "crvs.example.org"
        )
        self.source.crvs_timezone = "Asia/Bangkok"
        event = self.service().process_notification(verified)
        self.assertEqual((event.state, event.event_type), ("received", "death"))
        self.assertEqual(str(event.event_date), "2026-11-01")
        self.assertEqual((event.sender_id, event.data_source_id), (sender, self.source))
        answer = {**body, "header": header("on-search"), "message": {"search_response": []}}
        for other, name in (
            (answer, "crvs.example.org"),
            (body, "nobody.example.org"),
        ):
            verified = signature.unsigned(envelopes.parse(json.dumps(other).encode()), name)
            with self.subTest(name), self.assertRaises(UserError):
                self.service().process_notification(verified)


def tied(request, item):
    """Answer the only question of a search with an item of which only this much is there."""
    message = request["message"]
    reference = message["search_request"][0]["reference_id"]
    return {
        "header": {"action": "on-search"},
        "message": {
            "transaction_id": message["transaction_id"],
            "search_response": [{"reference_id": reference, **item}],
        },
    }


@tagged("post_install", "-at_install")
class TestDeath(FakeRegistryCase):
    def check(self, *records, **members):
        """Ask about the death of a person about whom the registry says this."""
        self.answer(lambda request: found(request, *records, **members))
        return self.service().check_death("UIN", UIN)

    def test_a_record_is_no_death(self):
        self.assertIs(self.check(person()), False)
        self.assertIs(self.check(person(death_date=None)), False)
        self.assertIs(self.check(person(marital_status="W")), False)

    def test_what_says_dead(self):
        register = {"version": "1.0.0", "reg_type": "ocrvs:registry_type:death"}
        for members, extra in (
            (DEAD, {}),
            ({"deathdate": "2024-12-01T00:00:00Z"}, {}),
            ({"deathDate": "2024-12-01"}, {}),
            ({"@type": "crvs:DeathRecord"}, {}),
            ({}, {"data": {**register, "reg_records": [person()]}}),
            ({}, {"data": {"reg_record_type": "DeathRecord", "reg_records": [person()]}}),
        ):
            with self.subTest(members, extra=extra):
                self.assertIs(self.check(person(**members), **extra), True)

    def test_no_record(self):
        self.assertIs(self.check(), False)
        self.answer(
            lambda request: {
                **found(request),
                "message": {
                    "transaction_id": request["message"]["transaction_id"],
                    "search_response": [],
                },
            }
        )
        self.assertIs(self.service().check_death("UIN", UIN), False)

    def test_records_of_somebody_else_do_not_count(self):
        parent = {"parent1_identifier": {"identifier_type": "UIN", "identifier_value": UIN}}
        self.assertIs(self.check(person(**OTHER, **DEAD, **parent)), False)

    def test_an_answer_about_another_number_does_not_tell(self):
        for other in (
            person(**OTHER),
            person(**OTHER, **DEAD),
            # The same value under another type is another number.
            person(id_type="BRN", **DEAD),
        ):
            with self.subTest(other), self.assertRaisesRegex(UserError, "do not bear"):
                self.check(other)
            with self.assertRaisesRegex(UserError, "do not bear"):
                self.service().verify_birth("UIN", UIN)
        for spelling in (f"0{UIN}", f"{UIN[:3]}-{UIN[3:]}", f"{UIN[:3]} {UIN[3:]}"):
            with self.subTest(spelling), self.assertRaisesRegex(UserError, "written differently"):
                self.check(person(spelling, **DEAD))

    def test_a_number_of_a_relative_too_does_not_tell(self):
        parent = {"parent1_identifier": {"identifier_type": "UIN", "identifier_value": UIN}}
        with self.assertRaisesRegex(UserError, "relative"):
            self.check(person(**DEAD, **parent))

    def test_a_national_number_has_several_names(self):
        for name in ("NID", "NIN", "NATIONAL_ID", "NationalId"):
            self.assertIs(self.check(person(id_type=name, **DEAD)), True)

    def test_several_records_of_one_person(self):
        self.assertIs(self.check(person(), person(**DEAD)), True)
        self.assertIs(self.check(person(), person()), False)

    def test_several_persons_under_one_identifier(self):
        brn = [
            {"identifier_type": "UIN", "identifier_value": UIN},
            {"identifier_type": "BRN", "identifier_value": "B-1"},
        ]
        other = [brn[0], {**brn[1], "identifier_value": "B-2"}]
        with self.assertRaisesRegex(UserError, "different persons"):
            self.check(person(identifier=brn), person(identifier=other, **DEAD))
        with self.assertRaisesRegex(UserError, "different persons"):
            self.check(person(), person(birth_date="1950-01-01", **DEAD))
        with self.assertRaisesRegex(UserError, "different persons"):
            self.check(person(identifier=brn, **DEAD), person(identifier=other, **DEAD))

    def test_several_dates_of_death(self):
        self.check(person(**DEAD), person(death_date="2024-12-02"))
        details = self.service().death_details("UIN", UIN)
        self.assertIsNone(details["death_date"])
        self.assertIn("several dates", details["remark"])

    def test_could_not_ask(self):
        page = {"page_size": 1, "page_number": 1, "total_count": 2}
        for records, members in (
            ([], {"status": "rjct", "status_reason_code": "rjct.search_criteria.invalid"}),
            ([person()], {"status": "rjct"}),
            ([], {"status": "rcvd"}),
            ([], {"status": "pdng"}),
            ([person()], {"status": "pdng"}),
            ([], {"status": "failed"}),
            ([], {"status": 500}),
            ([person()], {"pagination": page}),
            ([person(death_date="soon")], {}),
            (["nonsense"], {}),
        ):
            with self.subTest(records, members=members), self.assertRaises(UserError):
                self.check(*records, **members)

    def test_a_published_sample_is_an_answer(self):
        # It has the status "rcvd" and a complete record.
        self.assertIs(self.check(person(), status="rcvd"), False)

    def test_answers_that_are_none(self):
        def changed(**message):
            def answer(request):
                answer = found(request, person())
                answer["message"].update(message)
                return answer

            return answer

        def other_reference(request):
            answer = found(request, person(**DEAD))
            answer["message"]["search_response"][0]["reference_id"] = "other"
            return answer

        for answer in (
            changed(transaction_id="other"),
            changed(search_response=[], transaction_id=""),
            changed(search_response="nonsense"),
            changed(search_response=None),
            other_reference,
            {"message": {"ack_status": "ACK"}},
            {"message": {"ack_status": "ERR", "error": {"code": "err.request.bad"}}},
            {"message": {"ack_status": "NACK"}},
            {"message": {}},
            {"message": []},
            {},
            [],
            b"",
            b"<html>",
            b'{"message": {"search_response": [',
            (401, {}),
            (404, {}),
            lambda request: {**found(request), "header": {"status": "rjct"}},
            lambda request: {**found(request), "header": {"status": "RJCT"}},
            {"header": {"status": "rjct", "status_reason_code": "rjct.action.not_supported"}},
            lambda request: tied(request, {}),
            lambda request: tied(request, {"status": ""}),
            lambda request: tied(request, {"status": "unavailable", "data": {"reg_records": []}}),
        ):
            self.answer(answer)
            with self.subTest(answer):
                with self.assertRaises(UserError):
                    self.service().check_death("UIN", UIN)
                with self.assertRaises(UserError):
                    self.service().verify_birth("UIN", UIN)

    def test_what_says_nothing_is_not_found_in_so_many_words(self):
        self.answer(lambda request: tied(request, {"data": {"reg_records": []}}))
        self.assertIs(self.service().check_death("UIN", UIN), False)
        self.assertIsNone(self.service().verify_birth("UIN", UIN))

    def test_the_only_question_needs_no_reference(self):
        def answer(request):
            answer = found(request, person(**DEAD))
            answer["message"].update(changes)
            del answer["message"]["search_response"][0]["reference_id"]
            return answer

        self.answer(answer)
        changes = {}
        self.assertIs(self.service().check_death("UIN", UIN), True)
        results = self.service().check_deaths([("UIN", UIN), ("UIN", "1")])
        self.assertEqual([result.status for result in results], ["failed", "failed"])
        self.assertIn("do not bear", results[1].reason)
        for transaction in ("", "other"):
            changes = {"transaction_id": transaction}
            with self.subTest(transaction), self.assertRaises(UserError):
                self.service().check_death("UIN", UIN)

    def test_an_empty_transaction_id_is_tied_by_the_reference(self):
        def answer(request):
            answer = found(request, person(**DEAD))
            answer["message"]["transaction_id"] = ""
            return answer

        self.answer(answer)
        self.assertIs(self.service().check_death("UIN", UIN), True)

    def test_down(self):
        self.source.write({"base_url": "http://127.0.0.1:9", "timeout": 1})
        with self.assertRaises(UserError):
            self.service().check_death("UIN", UIN)
        with self.assertRaises(UserError):
            self.service().verify_birth("UIN", UIN)


@tagged("post_install", "-at_install")
class TestOpenCRVSDeath(FakeRegistryCase):
    def setUp(self):
        super().setUp()
        self.source.write(
            {"dialect": "opencrvs", "signing_key_id": self.make_signing_key("rs256").id}
        )

    def test_found_in_the_register_of_deaths(self):
        self.answer(lambda request: found(request, person(id_type="NID")))
        self.assertIs(self.service().check_death("UIN", UIN), True)

    def test_found_in_another_register(self):
        data = {"reg_type": "ocrvs:registry_type:birth", "reg_records": [person(id_type="NID")]}
        self.answer(lambda request: found(request, data=data))
        self.assertIs(self.service().check_death("UIN", UIN), False)
        self.assertEqual(self.service().verify_birth("UIN", UIN)["birth_date"], "1995-09-21")

    def test_a_record_of_somebody_else(self):
        self.answer(lambda request: found(request, person("111", id_type="NID")))
        with self.assertRaisesRegex(UserError, "do not bear"):
            self.service().check_death("UIN", UIN)

    def test_what_is_left_out_of_an_answer_with_strange_references(self):
        """No item of ours is missing because nothing was found while an unknown one is there."""

        def answer(request):
            answer = found(request, person(id_type="NID"))
            first, second = answer["message"]["search_response"]
            answer["message"]["search_response"] = [first, {**second, **change}]
            return answer

        self.answer(answer)
        for change in ({"reference_id": "other"}, {"reference_id": ""}):
            with self.subTest(change):
                results = self.service().check_deaths([("UIN", UIN), ("UIN", "1")])
                self.assertEqual([result.status for result in results], ["dead", "failed"])

    def test_the_header_echoes_ours(self):
        def answer(request):
            answer = found(request, person(id_type="NID"))
            answer["header"].update(
                sender_id=request["header"]["sender_id"],
                message_id=request["header"]["message_id"],
                action="search",
            )
            return answer

        self.answer(answer)
        self.assertIs(self.service().check_death("UIN", UIN), True)

    def test_an_identifier_that_it_does_not_know(self):
        with self.assertRaises(ValidationError):
            self.service().check_death("passport", "P1")
        result = self.service().check_deaths([("passport", "P1")])[0]
        self.assertEqual(result.status, "failed")
        self.assertEqual(self.fake.requests, [])


@tagged("post_install", "-at_install")
class TestBirth(FakeRegistryCase):
    def verify(self, *records, **members):
        """Ask for the birth of a person about whom the registry says this."""
        self.answer(lambda request: found(request, *records, **members))
        return self.service().verify_birth("uin", f" {UIN} ")

    def test_what_is_known(self):
        identifier = [
            {"type": "UIN", "value": UIN},
            {"name": "BRN", "identifier": "B-1"},
        ]
        relations = [{"@type": "Mother", "givenName": "Mali", "familyName": "Phumchai"}]
        record = person(identifier=identifier, relations=relations, birth_place="Koh Samui")
        result = self.verify(record)
        self.assertEqual(
            result,
            {
                "person_name": "Sudarat Phumchai",
                "given_name": "Sudarat",
                "family_name": "Phumchai",
                "birth_date": "1995-09-21",
                "sex": "female",
                "place_of_birth": "Koh Samui",
                "mother_name": "Mali Phumchai",
                "identifier_type": "UIN",
                "identifier_value": UIN,
                "identifiers": [
                    {"type": "UIN", "value": UIN},
                    {"type": "BRN", "value": "B-1"},
                ],
                "record": record,
            },
        )

    def test_not_found(self):
        self.assertIsNone(self.verify())

    def test_several(self):
        self.assertEqual(self.verify(person(birth_date=""), person())["birth_date"], "1995-09-21")
        with self.assertRaisesRegex(UserError, "different persons"):
            self.verify(person(), person(birth_date="1950-01-01"))

    def test_a_birth_without_a_full_date_is_confirmed(self):
        for written in ("1995", "1995-09", "long ago", "0000-00-00"):
            found = self.verify(person(birth_date=written))
            self.assertIsNone(found["birth_date"])
            self.assertEqual(found["birth_date_text"], written)

    def test_the_registry_s_time_zone(self):
        late = person(birth_date="1995-09-20T17:00:00Z")
        self.assertEqual(self.verify(late)["birth_date"], "1995-09-20")
        self.source.crvs_timezone = "Asia/Bangkok"
        self.assertEqual(self.verify(late)["birth_date"], "1995-09-21")


@tagged("post_install", "-at_install")
class TestAnswerVerification(FakeRegistryCase):
    def setUp(self):
        super().setUp()
        self.key = new_key()
        self.sender = self.make_sender("crvs.example.org", pem_of(self.key))

    def signed(self, **changes):
        """Return a function that answers with a signature."""

        def answer(request):
            answer = found(request, person(**DEAD))
            answer["signature"] = signature.sign_http(
                answer["header"],
                answer["message"],
                **{
                    "sender_id": "crvs.example.org",
                    "key_id": "k1",
                    "algorithm": "ed25519",
                    "private_key": self.key,
                    "now": time.time(),
                    **changes,
                },
            )
            return answer

        return answer

    def check(self, answer):
        self.answer(answer)
        return self.service().check_death("UIN", UIN)

    def test_default(self):
        self.assertEqual(self.source.answer_verification, "present")
        self.source.crvs_sender_id = self.sender
        self.assertEqual(self.source.answer_verification, "require")
        self.source.crvs_sender_id = False
        self.assertEqual(self.source.answer_verification, "present")

    def test_without_keys_of_the_registry(self):
        self.assertIs(self.check(self.signed()), True)
        self.assertIs(self.check(self.signed(private_key=new_key())), True)
        self.assertIs(self.check(lambda request: found(request, person(**DEAD))), True)

    def test_required(self):
        self.source.crvs_sender_id = self.sender
        self.assertIs(self.check(self.signed()), True)
        for answer in (
            lambda request: found(request, person(**DEAD)),
            lambda request: {**found(request, person(**DEAD)), "signature": ""},
            lambda request: {"message": found(request, person(**DEAD))["message"]},
            self.signed(private_key=new_key()),
            self.signed(sender_id="other.example.org"),
            self.signed(now=time.time() - 4000),
            lambda request: self._tampered(request),
        ):
            with self.subTest(answer), self.assertRaises(UserError):
                self.check(answer)

    def _tampered(self, request):
        answer = self.signed()(request)
        answer["message"]["search_response"][0]["data"]["reg_records"][0]["name"] = "Other"
        return answer

    def test_checked_when_present(self):
        self.source.write({"crvs_sender_id": self.sender.id, "answer_verification": "present"})
        self.assertEqual(self.source.answer_verification, "present")
        self.assertIs(self.check(lambda request: found(request, person(**DEAD))), True)
        with self.assertRaises(UserError):
            self.check(self._tampered)

    def test_ignored(self):
        self.source.write({"crvs_sender_id": self.sender.id, "answer_verification": "ignore"})
        self.assertIs(self.check(self._tampered), True)

    def test_an_archived_sender_verifies_nothing(self):
        self.source.crvs_sender_id = self.sender
        self.sender.active = False
        with self.assertRaisesRegex(UserError, "no keys"):
            self.check(self.signed())

    def test_a_base_client_without_the_bytes_received(self):
        self.source.crvs_sender_id = self.sender
        service = self.service()
        make = service.registry.client._make_request
        self.patch(
            service.registry.client,
            "_make_request",
            lambda *args: json.loads(json.dumps(make(*args))),
        )
        self.answer(self.signed())
        self.assertIs(service.check_death("UIN", UIN), True)
        self.answer(self._tampered)
        with self.assertRaises(UserError):
            service.check_death("UIN", UIN)
