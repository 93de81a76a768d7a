"""The dialect of OpenCRVS (dci-crvs-api 1.x)."""

from datetime import date

from .base import Dialect, UnsupportedIdentifier, day, register_named

_SEARCHABLE = frozenset({"BRN", "DRN", "MRN", "NID", "OPENCRVS_RECORD_ID"})
# One national number under several names: OpenCRVS calls it NID.
_NATIONAL = frozenset({"UIN", "NID", "NIN", "NATIONAL_ID"})
_REGISTERS = {
    "birth": "ocrvs:registry_type:birth",
    "death": "ocrvs:registry_type:death",
    "marriage": "ocrvs:registry_type:marriage",
}
# Nobody in a register of today was born before; the oldest documented life is 122 years.
_LONGEST_LIFE_YEARS = 125
# Many registers write a birth date that nobody knows as this day.
_UNKNOWN_BIRTH = date(1900, 1, 1)


class OpenCRVSDialect(Dialect):
    """A register per kind of event: a person found in the register of deaths is dead."""

    code = "opencrvs"
    signature_profile = "jws"
    can_subscribe = False
    knows_the_living = False
    leaves_out_what_is_not_found = True

    def identifier_type(self, id_type):
        name = id_type.upper()
        name = "NID" if name in _NATIONAL else name
        if name not in _SEARCHABLE:
            raise UnsupportedIdentifier(id_type)
        return name

    def same_identifier_types(self, id_type):
        name = id_type.upper()
        return _NATIONAL if name in _NATIONAL else frozenset({name})

    def sender_id(self, configured, public_url):
        # It fetches our keys from <sender_id>/.well-known/jwks.json.
        is_url = configured.lower().startswith(("http://", "https://"))
        return (configured if is_url else public_url).rstrip("/")

    def birth_criteria(self, id_type, value):
        return self._lookup("birth", id_type, value)

    def death_criteria(self, id_type, value):
        return self._lookup("death", id_type, value)

    def _lookup(self, register, id_type, value):
        return {
            "version": "1.0.0",
            "reg_type": _REGISTERS[register],
            "query_type": "idtype-value",
            "query": {"type": self.identifier_type(id_type), "value": value},
            "pagination": {"page_size": 10, "page_number": 1},
        }

    def event_criteria(self, event_type, first, last, page, page_size, attribute=None):
        # ``birthdate`` is the only date that can be searched, in every register.
        return {
            "version": "1.0.0",
            "reg_type": _REGISTERS[event_type],
            "query_type": "predicate",
            "query": [
                {
                    "seq_num": 1,
                    "expression1": {
                        "attribute_name": "birthdate",
                        "operator": "ge",
                        "attribute_value": day(first),
                    },
                    "condition": "and",
                    "expression2": {
                        "attribute_name": "birthdate",
                        "operator": "le",
                        "attribute_value": day(last),
                    },
                }
            ],
            "pagination": {"page_size": page_size, "page_number": page},
        }

    def can_pull(self, event_type):
        return event_type in _REGISTERS

    def scan_start(self, event_type, since, today):
        if event_type == "birth":
            return since, 1
        # Who died or married since a day can be of any age: all birth dates are searched.
        return min(date(today.year - _LONGEST_LIFE_YEARS, 1, 1), _UNKNOWN_BIRTH), 12

    def says_dead(self, item, person, raw):
        return self.is_event("death", item, person, raw)

    def tells_birth(self, item, person, raw):
        return self.is_event("birth", item, person, raw)

    def is_event(self, event_type, item, person, raw):
        named = register_named(item, raw)
        if named or not item.reg_type:
            # Found in the register that was searched, unless the answer names another one.
            return named in (event_type, None)
        # A registry without registers answers about persons, whatever happened to them.
        if event_type == "death":
            return person.is_dead
        return getattr(person, f"{event_type}_date") is not None
