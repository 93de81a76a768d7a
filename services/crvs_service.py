"""The service that other addons call: a thin door to the registry.

::

    from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService

    service = CRVSService(env)
    if service.check_death("UIN", "847951632"):
        ...
"""

from __future__ import annotations

from typing import Any

from odoo.api import Environment
from odoo.exceptions import UserError, ValidationError

from odoo.addons.spp_dci_client.services import DCIClient

from . import records, signature
from .asking import arguments, async_search, death_checks, verdicts
from .asking.explanations import RegistryError, explain
from .asking.registry import Registry
from .asking.verdicts import Lookup
from .dialects import UnsupportedIdentifier


class CRVSService:
    """Asks one civil registry.

    Code is trusted as its caller is: the service reads the data source's credentials with higher
    rights and is not reachable over RPC.

    :param env: environment of the caller; its language is that of error messages
    :param data_source_code: ``code`` of a ``spp.dci.data.source``, in whatever state
    :raise UserError: when there is no such data source
    :raise ValidationError: when it is not one of a civil registry
    """

    def __init__(self, env: Environment, data_source_code: str = "crvs_main") -> None:
        self.env = env
        self.data_source = self._find_data_source(data_source_code)
        self.registry = Registry(env, self.data_source, DCIClient)
        self._identifiers = arguments.IdentifierReader(env, self.data_source)

    def _find_data_source(self, code: Any) -> Any:
        if not isinstance(code, str):
            raise ValidationError(self.env._("The code of a data source must be a text."))
        sources = self.env["spp.dci.data.source"].sudo()
        source = sources.search([("code", "=", code.strip().lower())], limit=1)
        if not source:
            raise UserError(
                self.env._(
                    "There is no DCI data source with the code %s. Create it under "
                    "Civil Registry > Configuration > Data Sources.",
                    code[:64],
                )
            )
        if not source.is_civil_registry:
            raise ValidationError(
                self.env._(
                    "The data source %s is not one of a civil registry. Set its registry type to "
                    "CRVS, or use another one.",
                    source.name,
                )
            )
        return source

    def verify_birth(self, identifier_type: str, identifier_value: str) -> dict[str, Any] | None:
        """Ask the registry for a person's birth.

        :param identifier_type: such as ``BRN`` or ``UIN``
        :param identifier_value: at most 255 characters
        :return: ``person_name``, ``birth_date`` (ISO date; None when the record has no full one,
            what it says is in ``birth_date_text`` then), ``identifier_type`` (as our vocabulary
            writes it), ``identifier_value``, ``identifiers`` (list of ``type`` and ``value``),
            ``record`` (the registry's own, as received) and where known ``given_name``,
            ``family_name``, ``sex``, ``place_of_birth``, ``mother_name``, ``father_name``; None
            when the registry has no such record
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be asked or does not tell
        """
        lookup = self._read_held(identifier_type, identifier_value)
        item = self._ask(self.registry.dialect.birth_criteria, lookup)
        found = self._judge(verdicts.judge_birth, lookup, item)
        return verdicts.birth_details(lookup, *found) if found else None

    def check_death(self, identifier_type: str, identifier_value: str) -> bool:
        """Ask the registry whether somebody is dead.

        :param identifier_type: such as ``UIN``
        :param identifier_value: at most 255 characters
        :return: True only when the registry says so; False when it says no such thing or does not
            know the person
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be asked or does not tell
        """
        return self._find_death(identifier_type, identifier_value).status == verdicts.DEAD

    def death_details(self, identifier_type: str, identifier_value: str) -> dict[str, Any] | None:
        """Ask the registry about somebody's death.

        :param identifier_type: such as ``UIN``
        :param identifier_value: at most 255 characters
        :return: ``death_date`` (ISO date, None when the registry does not say, or says several),
            ``remark``, ``person_name``, ``identifier_type``, ``identifier_value`` and
            ``identifiers``; None unless the registry says that the person is dead
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be asked or does not tell
        """
        finding = self._find_death(identifier_type, identifier_value)
        if finding.status != verdicts.DEAD:
            return None
        lookup = self._identifiers.read(identifier_type, identifier_value)
        person = records.read_person(finding.record, self.data_source.crvs_timezone or None)
        return {
            "identifier_type": lookup.given,
            "identifier_value": lookup.value,
            "person_name": person.name,
            "death_date": finding.death_date and finding.death_date.isoformat(),
            "remark": explain(self.env, finding.problem) if finding.problem else "",
            "identifiers": verdicts.identifiers_of(person),
        }

    def check_deaths(self, pairs: Any) -> Any:
        """Ask the registry about the deaths of many persons, many in one message.

        :param pairs: iterable of ``(identifier type, identifier value)``
        :return: one result for each pair, in order. What could not be asked is in its result as
            ``failed``; nothing is raised for it.
        :rtype: list[DeathCheck]
        :raise ValidationError: when ``pairs`` is nothing that holds pairs
        """
        return list(self.iter_check_deaths(pairs))

    def iter_check_deaths(self, pairs: Any) -> Any:
        """Ask as :meth:`check_deaths` does, giving each result as soon as its message is back.

        :param pairs: iterable of pairs, read a message at a time
        :rtype: Iterator[DeathCheck]
        :raise ValidationError: when ``pairs`` is nothing that holds pairs
        """
        self._check_pairs(pairs)
        return death_checks.DeathChecker(self.registry, self._identifiers).check(pairs)

    def request_deaths(self, pairs: Any) -> Any:
        """Ask as :meth:`check_deaths` does, but have the registry answer by the callback.

        The requests are committed before they leave; their rows are there for the caller in the
        next transaction.

        :param pairs: iterable of ``(identifier type, identifier value)``
        :return: ``spp.dci.crvs.request``, one for each message; :meth:`read_deaths` takes them
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be reached, or refuses
        """
        self._check_pairs(pairs)
        try:
            return async_search.send_deaths(self.registry, self._identifiers, pairs)
        except UnsupportedIdentifier as error:
            raise ValidationError(explain(self.env, "unsupported_identifier", str(error))) from None

    def read_deaths(self, requests: Any) -> Any:
        """Read what came in answer to :meth:`request_deaths`.

        :param requests: what that returned
        :return: one result for each identifier; ``failed`` while there is no answer
        :rtype: list[DeathCheck]
        """
        return async_search.read_deaths(self.env, requests)

    def request_birth(self, identifier_type: Any, identifier_value: Any) -> Any:
        """Ask as :meth:`verify_birth` does, but have the registry answer by the callback.

        :return: ``spp.dci.crvs.request``, committed before it leaves; :meth:`read_birth` takes it
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be reached, or refuses
        """
        lookup = self._identifiers.read(identifier_type, identifier_value)
        try:
            return async_search.send(
                self.registry, "birth", [lookup], self.registry.dialect.birth_criteria
            )
        except UnsupportedIdentifier:
            raise ValidationError(
                explain(self.env, "unsupported_identifier", lookup.id_type)
            ) from None

    def read_birth(self, request: Any) -> dict[str, Any] | None:
        """Read what came in answer to :meth:`request_birth`.

        :param request: what that returned
        :return: as :meth:`verify_birth`
        :raise UserError: when there is no answer yet, or it does not tell
        """
        return async_search.read_birth(self.env, request)

    def _check_pairs(self, pairs: Any) -> None:
        if isinstance(pairs, (str, bytes, dict)) or not hasattr(pairs, "__iter__"):
            raise ValidationError(
                self.env._("A list of pairs of identifier type and value is needed.")
            )

    def _find_death(self, identifier_type: Any, identifier_value: Any) -> Any:
        lookup = self._read_held(identifier_type, identifier_value)
        item = self._ask(
            self.registry.dialect.death_criteria, lookup, read=records.read_life_and_death
        )
        return self._judge(verdicts.judge_death, lookup, item)

    def _read_held(self, identifier_type: Any, identifier_value: Any) -> Lookup:
        lookup = self._identifiers.read(identifier_type, identifier_value)
        return self._identifiers.with_held([lookup])[0]

    def _ask(self, criteria: Any, lookup: Lookup, read: Any = records.read_person) -> Any:
        try:
            return self.registry.lookup([criteria(lookup.id_type, lookup.value)], read)[0]
        except UnsupportedIdentifier:
            raise ValidationError(
                explain(self.env, "unsupported_identifier", lookup.id_type)
            ) from None

    def _judge(self, judge: Any, lookup: Lookup, item: Any) -> Any:
        try:
            return judge(self.registry.dialect, lookup, item)
        except verdicts.Inconclusive as error:
            raise RegistryError(self.env, error.problem, error.detail) from None

    def subscribe_events(self, event_types: Any = None) -> list[str]:
        """Have the registry notify us of vital events.

        What is subscribed to already is not asked for again. Requests are committed before they
        leave, in transactions of their own.

        :param event_types: list of ``BIRTH``, ``DEATH``, ``MARRIAGE``, ``DIVORCE``, any case; by
            default birth and death
        :return: for each type the subscription code when known, else the correlation or reference
            id that leads to it, in order
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry has no subscriptions, could not be asked or refuses, or
            when nobody knows whether it accepted; the next call asks what became of it first
        """
        kinds = arguments.read_event_types(self.env, event_types)
        subscriptions = self.env["spp.dci.crvs.subscription"].sudo()
        return [subscriptions._registry_subscribe(self.data_source, kind) for kind in kinds]

    def unsubscribe_events(self, subscription_codes: list[str]) -> dict[str, Any]:
        """End subscriptions.

        :param subscription_codes: what :meth:`subscribe_events` returned
        :return: the registry's answer, the whole envelope
        :raise ValidationError: for wrong arguments
        :raise UserError: when a subscription is not confirmed yet, the registry could not be asked
            or refuses, or nobody knows whether it accepted
        """
        handles = arguments.read_texts(self.env, subscription_codes)
        subscriptions = self.env["spp.dci.crvs.subscription"].sudo()
        return subscriptions._registry_unsubscribe(self.data_source, handles)

    def process_notification(self, message: Any) -> Any:
        """Store the events of a verified notification.

        :param VerifiedMessage message: what ``services.signature`` returns
        :return: the new events, in state ``received``; the scheduler processes them
        :raise ValidationError: for anything else, such as a bare dict, an expired message or an
            answer
        :raise UserError: when its sender is not trusted here
        """
        if not isinstance(message, signature.VerifiedMessage):
            raise ValidationError(
                self.env._("Only a message whose signature has been verified can be processed.")
            )
        if not message.fresh or message.envelope.kind != "notify":
            raise ValidationError(
                self.env._("Only notifications whose signature has not expired can be processed.")
            )
        sender = self.env["spp.dci.crvs.sender"].sudo().get_by_sender_id(message.sender_id)
        if not sender:
            raise UserError(self.env._("The sender of the notification is not trusted here."))
        source = self.data_source if self.data_source.crvs_sender_id == sender else None
        try:
            notification = records.read_notification(
                message.envelope.message, (source and source.crvs_timezone) or None
            )
        except records.InvalidRecord:
            raise ValidationError(
                self.env._("The notification does not have the shape of one.")
            ) from None
        return (
            self.env["spp.dci.crvs.event"]
            .sudo()
            ._store(
                list(notification.events),
                sender=sender,
                data_source=source or self.data_source.browse(),
            )
        )
