"""Checks what other addons pass to the service, before anything is searched or sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from odoo.api import Environment
from odoo.exceptions import ValidationError

from ... import const
from .. import records
from .verdicts import Lookup

MAX_VALUE = 255  # characters


class IdentifierReader:
    """Reads pairs of identifier type and value.

    :param env: environment; the types are those of the vocabulary and of the standard
    :param data_source: the registry that will be asked, under its own names of the types
    """

    def __init__(self, env: Environment, data_source: Any) -> None:
        self.env = env
        self.data_source = data_source
        self._names: dict[str, tuple[str, frozenset[str]]] = {}
        codes = (
            env["spp.vocabulary.code"]
            .sudo()
            .search([("namespace_uri", "=", const.ID_TYPE_NAMESPACE)])
            .mapped("code")
        )
        # The vocabulary's spelling goes out, whatever case the caller wrote.
        self._types = {code.upper(): code for code in (*codes, *const.KNOWN_ID_TYPES)}

    def read(self, id_type: str, value: str) -> Lookup:
        """Check one identifier.

        :param id_type: code such as ``UIN``, any case
        :param value: at most 255 characters, blanks around it ignored
        :raise ValidationError: when either is not a usable text, or the type is unknown
        """
        _ = self.env._
        for argument in (id_type, value):
            if not isinstance(argument, str):
                raise ValidationError(_("Identifier type and value must be texts."))
            if not argument.strip():
                raise ValidationError(_("Identifier type and value must not be empty."))
            if len(argument) > MAX_VALUE or not argument.strip().isprintable():
                raise ValidationError(
                    _(
                        "Identifier type and value must be of at most %s characters, without "
                        "control characters.",
                        MAX_VALUE,
                    )
                )
        spelling = self._types.get(id_type.strip().upper())
        if not spelling:
            raise ValidationError(
                _(
                    "This type of identifier is not known here. Use one of %s.",
                    ", ".join(sorted(self._types.values())),
                )
            )
        name, same_types = self._name(spelling)
        return Lookup(name, value.strip(), spelling, same_types)

    def _name(self, id_type: Any) -> Any:
        """Return by which name the registry is asked, and by which it may answer.

        Looked up once for each type.
        """
        if id_type not in self._names:
            types = self.env["spp.dci.crvs.id.type"]
            name = types._name_for(self.data_source, id_type)
            self._names[id_type] = name, types._names_like(self.data_source, name.upper())
        return self._names[id_type]

    def with_held(self, lookups: list[Any]) -> list[Any]:
        """Add to lookups what is held of the one registrant who bears the number, in one query.

        So that an answer about somebody else's record is not believed.

        :param lookups: :class:`Lookup`; whatever else is among them comes back as it is
        """
        wanted = [lookup for lookup in lookups if isinstance(lookup, Lookup)]
        held, limits = self.env["spp.dci.crvs.matcher"]._held_under(
            self.data_source, {(lookup.id_type, lookup.value) for lookup in wanted}
        )
        return [
            replace(lookup, held=held.get((lookup.id_type, lookup.value)), limits=limits)
            if isinstance(lookup, Lookup)
            else lookup
            for lookup in lookups
        ]

    def read_pair(self, pair: Any) -> Lookup:
        """Check a pair of identifier type and value.

        :raise ValidationError: when it is no pair, or see :meth:`read`
        """
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValidationError(self.env._("A pair of identifier type and value is needed."))
        return self.read(*pair)


def read_event_types(env: Environment, event_types: Any) -> list[str]:
    """Check event types, any case.

    :param env: environment, for the language
    :param event_types: list or tuple of ``BIRTH``, ``DEATH``, ``MARRIAGE``, ``DIVORCE``; None
        means birth and death
    :return: our spelling, in the order given
    :raise ValidationError: for anything else, and for an empty list
    """
    if event_types is None:
        return ["birth", "death"]
    names = read_texts(env, event_types)
    wrong = [name for name in names if name.lower() not in records.EVENT_TYPES]
    if wrong:
        raise ValidationError(
            env._(
                "There are only these event types: %s.",
                ", ".join(name.upper() for name in records.EVENT_TYPES),
            )
        )
    return [name.lower() for name in names]


def read_texts(env: Environment, values: Any) -> list[str]:
    """Check a list of non-empty texts.

    :return: the texts without blanks around them
    :raise ValidationError: for anything else, and for an empty list
    """
    if not isinstance(values, (list, tuple)) or not values:
        raise ValidationError(env._("A list with at least one entry is needed."))
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise ValidationError(env._("Every entry of the list must be a text."))
    return [value.strip() for value in values]
