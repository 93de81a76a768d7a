"""The service that other addons call: a thin door to the registry.

::

    from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService

    service = CRVSService(env)
    if service.check_death("UIN", "847951632"):
        ...
"""

from odoo.exceptions import UserError, ValidationError

from . import arguments, asking_later, bulk, findings, records, signature
from .dialects import UnsupportedIdentifier
from .explanations import RegistryError, explain
from .registry import Registry


class CRVSService:
    """Asks one civil registry.

    Code is trusted as its caller is: the service reads the data source's credentials with higher
    rights and is not reachable over RPC.

    :param env: environment of the caller; its language is that of error messages
    :param str data_source_code: ``code`` of a ``spp.dci.data.source``, in whatever state
    :raise UserError: when there is no such data source
    :raise ValidationError: when it is not one of a civil registry
    """

    def __init__(self, env, data_source_code="crvs_main"):
        self.env = env
        self.data_source = self._find_data_source(data_source_code)
        self.registry = Registry(env, self.data_source)
        self._identifiers = arguments.IdentifierReader(env)

    def _find_data_source(self, code):
        if not isinstance(code, str):
            raise ValidationError(self.env._("The code of a data source must be a text."))
        sources = self.env["spp.dci.data.source"].sudo()
        source = sources.search([("code", "=", code.strip().lower())], limit=1)
        if not source:
            raise UserError(
                self.env._(
                    "There is no DCI data source with the code %s. Create it under "
                    "DCI > Configuration > Data Sources.",
                    code[:64],
                )
            )
        if source.registry_type != "CRVS":
            raise ValidationError(
                self.env._(
                    "The data source %s is not one of a civil registry. Set its registry type to "
                    "CRVS, or use another one.",
                    source.name,
                )
            )
        return source

    def verify_birth(self, identifier_type, identifier_value):
        """Ask the registry for a person's birth.

        :param str identifier_type: such as ``BRN`` or ``UIN``
        :param str identifier_value: at most 255 characters
        :return: ``person_name``, ``birth_date`` (ISO date; None when the record has none),
            ``identifier_type``, ``identifier_value``, ``identifiers`` (list of ``type`` and
            ``value``) and where known ``given_name``, ``family_name``, ``sex``, ``place_of_birth``,
            ``mother_name``, ``father_name``; None when the registry has no such record
        :rtype: dict | None
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be asked or does not tell
        """
        lookup = self._identifiers.read(identifier_type, identifier_value)
        item = self._ask(self.registry.dialect.birth_criteria, lookup)
        person = self._judge(findings.judge_birth, lookup, item)
        return findings.birth_details(lookup, person) if person else None

    def check_death(self, identifier_type, identifier_value):
        """Ask the registry whether somebody is dead.

        :param str identifier_type: such as ``UIN``
        :param str identifier_value: at most 255 characters
        :return: True only when the registry says so; False when it says no such thing or does not
            know the person
        :rtype: bool
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be asked or does not tell
        """
        return self._find_death(identifier_type, identifier_value).status == findings.DEAD

    def death_details(self, identifier_type, identifier_value):
        """Ask the registry about somebody's death.

        :param str identifier_type: such as ``UIN``
        :param str identifier_value: at most 255 characters
        :return: ``death_date`` (ISO date, None when the registry does not say, or says several),
            ``remark``, ``person_name``, ``identifier_type``, ``identifier_value`` and
            ``identifiers``; None unless the registry says that the person is dead
        :rtype: dict | None
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be asked or does not tell
        """
        finding = self._find_death(identifier_type, identifier_value)
        if finding.status != findings.DEAD:
            return None
        lookup = self._identifiers.read(identifier_type, identifier_value)
        person = records.read_person(finding.record, self.data_source.crvs_timezone or None)
        return {
            "identifier_type": lookup.id_type,
            "identifier_value": lookup.value,
            "person_name": person.name,
            "death_date": finding.death_date and finding.death_date.isoformat(),
            "remark": explain(self.env, finding.problem) if finding.problem else "",
            "identifiers": findings.identifiers_of(person),
        }

    def check_deaths(self, pairs):
        """Ask the registry about the deaths of many persons, many in one message.

        :param pairs: iterable of ``(identifier type, identifier value)``
        :return: one result for each pair, in order. What could not be asked is in its result as
            ``failed``; nothing is raised for it.
        :rtype: list[DeathCheck]
        :raise ValidationError: when ``pairs`` is nothing that holds pairs
        """
        return list(self.iter_check_deaths(pairs))

    def iter_check_deaths(self, pairs):
        """Ask as :meth:`check_deaths` does, giving each result as soon as its message is back.

        :param pairs: iterable of pairs, read a message at a time
        :rtype: Iterator[DeathCheck]
        :raise ValidationError: when ``pairs`` is nothing that holds pairs
        """
        self._check_pairs(pairs)
        return bulk.DeathChecker(self.registry, self._identifiers).check(pairs)

    def request_deaths(self, pairs):
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
            return asking_later.send_deaths(self.registry, self._identifiers, pairs)
        except UnsupportedIdentifier as error:
            raise ValidationError(explain(self.env, "unsupported_identifier", str(error))) from None

    def read_deaths(self, requests):
        """Read what came in answer to :meth:`request_deaths`.

        :param requests: what that returned
        :return: one result for each identifier; ``failed`` while there is no answer
        :rtype: list[DeathCheck]
        """
        return asking_later.read_deaths(self.env, requests)

    def request_birth(self, identifier_type, identifier_value):
        """Ask as :meth:`verify_birth` does, but have the registry answer by the callback.

        :return: ``spp.dci.crvs.request``, committed before it leaves; :meth:`read_birth` takes it
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry could not be reached, or refuses
        """
        lookup = self._identifiers.read(identifier_type, identifier_value)
        try:
            return asking_later.send(
                self.registry, "birth", [lookup], self.registry.dialect.birth_criteria
            )
        except UnsupportedIdentifier:
            raise ValidationError(
                explain(self.env, "unsupported_identifier", lookup.id_type)
            ) from None

    def read_birth(self, request):
        """Read what came in answer to :meth:`request_birth`.

        :param request: what that returned
        :return: as :meth:`verify_birth`
        :rtype: dict | None
        :raise UserError: when there is no answer yet, or it does not tell
        """
        return asking_later.read_birth(self.env, request)

    def _check_pairs(self, pairs):
        if isinstance(pairs, (str, bytes, dict)) or not hasattr(pairs, "__iter__"):
            raise ValidationError(
                self.env._("A list of pairs of identifier type and value is needed.")
            )

    def _find_death(self, identifier_type, identifier_value):
        lookup = self._identifiers.read(identifier_type, identifier_value)
        item = self._ask(
            self.registry.dialect.death_criteria, lookup, read=records.read_life_and_death
        )
        return self._judge(findings.judge_death, lookup, item)

    def _ask(self, criteria, lookup, read=records.read_person):
        try:
            return self.registry.search([criteria(lookup.id_type, lookup.value)], read)[0]
        except UnsupportedIdentifier:
            raise ValidationError(
                explain(self.env, "unsupported_identifier", lookup.id_type)
            ) from None

    def _judge(self, judge, lookup, item):
        try:
            return judge(self.registry.dialect, lookup, item)
        except findings.Inconclusive as error:
            raise RegistryError(self.env, error.problem, error.detail) from None

    def subscribe_events(self, event_types=None):
        """Have the registry notify us of vital events.

        What is subscribed to already is not asked for again. Requests are committed before they
        leave, in transactions of their own.

        :param event_types: list of ``BIRTH``, ``DEATH``, ``MARRIAGE``, ``DIVORCE``, any case; by
            default birth and death
        :return: for each type the subscription code when known, else the correlation or reference
            id that leads to it, in order
        :rtype: list[str]
        :raise ValidationError: for wrong arguments
        :raise UserError: when the registry has no subscriptions, could not be asked or refuses, or
            when nobody knows whether it accepted; the next call asks what became of it first
        """
        kinds = arguments.read_event_types(self.env, event_types)
        subscriptions = self.env["spp.dci.crvs.subscription"].sudo()
        return [subscriptions._registry_subscribe(self.data_source, kind) for kind in kinds]

    def unsubscribe_events(self, subscription_codes):
        """End subscriptions.

        :param list[str] subscription_codes: what :meth:`subscribe_events` returned
        :return: the registry's answer, the whole envelope
        :rtype: dict
        :raise ValidationError: for wrong arguments
        :raise UserError: when a subscription is not confirmed yet, the registry could not be asked
            or refuses, or nobody knows whether it accepted
        """
        handles = arguments.read_texts(self.env, subscription_codes)
        subscriptions = self.env["spp.dci.crvs.subscription"].sudo()
        return subscriptions._registry_unsubscribe(self.data_source, handles)

    def process_notification(self, message):
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
