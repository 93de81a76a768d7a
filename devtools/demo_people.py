"""Whom the demo shows, what happens to them, and what must be true of them afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from .external_api import ExternalApi

ID_TYPES = "urn:openspp:vocab:id-type"
MARITAL_STATUS = "urn:un:unsd:pop-census:marital-status"


@dataclass(frozen=True)
class Role:
    """A person for one event.

    `demo_uin` is the UIN of the registrant of the demo data who plays it first; later runs, and
    roles without one, make a new registrant. Where `held_birth_date` is another one than the
    registry's, the event is about somebody else, and must leave the registrant alone.
    """

    event_type: str
    given_name: str
    family_name: str
    sex: str
    birth_date: str
    marital_status: str
    days_ago: int
    demo_uin: str | None = None
    married_since: str | None = None
    enrolled: bool = False
    held_birth_date: str | None = None


ROLES = (
    Role("birth", "Idrissa", "Barry", "male", "2026-01-01", "S", days_ago=33),
    Role("death", "Kofi", "Mensah", "male", "1946-01-19", "W", 3, "7341506978", enrolled=True),
    Role("marriage", "Leila", "Haddad", "female", "1993-06-25", "S", 9, "8452617089"),
    Role("death", "Tariq", "Aziz", "male", "1931-02-14", "S", 4, held_birth_date="2013-05-30"),
    Role("divorce", "Sunita", "Tamang", "female", "1989-11-02", "M", 6, "6230495867", "2011-03-04"),
)


@dataclass
class Actor:
    """A registrant in the demo."""

    role: Role
    partner_id: int
    uin: str
    number: str
    day: str
    new: bool
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


def cast(api: ExternalApi, role: Role, enter: Callable[[dict[str, Any]], None]) -> Actor:
    """Find the registrant for a role, or make one whom no vital event has touched.

    :param enter: enters a person at the sandbox registry
    """
    day = (date.today() - timedelta(days=role.days_ago)).isoformat()
    tag = str(10**9 + secrets.randbelow(9 * 10**9))
    prefix = {"birth": "BRN", "death": "DRN", "marriage": "MRN"}.get(role.event_type, "")
    number = f"{prefix}-{day[:4]}-{tag[-6:]}" if prefix else ""
    if role.demo_uin:
        domain = [
            ("reg_ids.value", "=", role.demo_uin),
            ("is_registrant", "=", True),
            ("crvs_event_ids", "=", False),
            ("disabled", "=", False),
        ]
        found = api.find("res.partner", domain)
        if found:
            return Actor(role, found[0], role.demo_uin, number, day, new=False)
    enter(_person(role, tag))
    return Actor(role, _registrant(api, role, tag), tag, number, day, new=True)


def _person(role: Role, uin: str) -> dict[str, Any]:
    person: dict[str, Any] = {
        "id": f"demo-{uin}",
        "given_name": role.given_name,
        "family_name": role.family_name,
        "sex": role.sex,
        "birth_date": role.birth_date,
        "marital_status": role.marital_status,
        "identifiers": {"UIN": uin},
    }
    if role.married_since:
        number = f"MRN-{role.married_since[:4]}-{uin[-6:]}"
        person["marriages"] = [{"number": number, "date": role.married_since, "spouse": ""}]
    return person


def _registrant(api: ExternalApi, role: Role, uin: str) -> int:
    partner = {
        "name": f"{role.given_name} {role.family_name}",
        "given_name": role.given_name,
        "family_name": role.family_name,
        "is_registrant": True,
        "birthdate": role.held_birth_date or role.birth_date,
        "birthdate_not_exact": role.event_type == "birth",
        "civil_status_id": _code(api, MARITAL_STATUS, role.marital_status),
        "reg_ids": [(0, 0, {"id_type_id": _code(api, ID_TYPES, "UIN"), "value": uin})],
    }
    (partner_id,) = api.call("res.partner", "create", vals_list=[partner])
    if role.enrolled:
        programs = api.call("spp.program", "search", domain=[], limit=2)
        memberships = [
            {
                "partner_id": partner_id,
                "program_id": program,
                "state": state,
                "enrollment_date": "2025-01-15",
            }
            for program, state in zip(programs, ("enrolled", "paused"), strict=False)
        ]
        api.call("spp.program.membership", "create", vals_list=memberships)
    return partner_id


def _code(api: ExternalApi, namespace: str, code: str) -> int:
    domain = [("namespace_uri", "=", namespace), ("code", "=", code)]
    return api.find("spp.vocabulary.code", domain)[0]


def describe(api: ExternalApi, partner_id: int) -> dict[str, str]:
    """Read back what vital events change, as text by the name that the table shows."""
    fields = ["birthdate", "civil_status_id", "disabled", "disabled_by", "disabled_reason"]
    (partner,) = api.call("res.partner", "read", [partner_id], fields=[*fields, "death_date"])
    numbers = api.read(
        "spp.registry.id", [("partner_id", "=", partner_id)], ["id_type_id", "value", "status"]
    )
    memberships = api.read(
        "spp.program.membership",
        [("partner_id", "=", partner_id)],
        ["program_id", "state", "exit_date"],
    )
    status = partner["civil_status_id"]
    rows = {
        "birth date": partner["birthdate"] or "",
        "civil status": status[1] if status else "",
        "date of death": partner["death_date"] or "",
        "disabled": partner["disabled"] and f"{partner['disabled']} by {partner['disabled_by'][1]}",
        "disabled because": partner["disabled_reason"] or "",
    }
    rows = {name: value or "" for name, value in rows.items()}
    for number in numbers:
        invalid = " (invalid)" if number["status"] == "invalid" else ""
        kind = number["id_type_id"][1]
        rows[f"ID {kind}"] = f"{number['value']}{invalid}"
    for membership in memberships:
        ended = f" on {membership['exit_date']}" if membership["exit_date"] else ""
        rows[membership["program_id"][1]] = f"{membership['state']}{ended}"
    for membership in api.read(
        "spp.group.membership", [("individual", "=", partner_id)], ["group", "status"]
    ):
        rows[membership["group"][1]] = membership["status"]
    for entitlement in api.read(
        "spp.entitlement", [("partner_id", "=", partner_id)], ["cycle_id", "state"]
    ):
        rows[f"entitlement {entitlement['cycle_id'][1]}"] = entitlement["state"]
    return rows


def refusal(api: ExternalApi, actor: Actor) -> str:
    """Return why an event about somebody else was not applied, empty while it is not refused."""
    domain = [
        ("identifier_value", "=", actor.uin),
        ("event_type", "=", actor.role.event_type),
        ("state", "=", "error"),
    ]
    events = api.read("spp.dci.crvs.event", domain, ["error_message"])
    return events[0]["error_message"] if events else ""


def missing_effects(api: ExternalApi, actor: Actor) -> list[str]:
    """Return what the event should have done to the registrant and has not, as sentences."""
    if actor.role.held_birth_date:
        after = describe(api, actor.partner_id)
        checks = {
            "it waits for an officer, with a reason": bool(refusal(api, actor)),
            "the registrant is what it was": after == actor.before,
        }
        return [text for text, holds in checks.items() if not holds]
    (partner,) = api.call(
        "res.partner",
        "read",
        [actor.partner_id],
        fields=["birthdate", "disabled", "disabled_by", "disabled_reason", "death_date"],
    )
    (event, *more) = api.read(
        "spp.dci.crvs.event",
        [("person_id", "=", actor.partner_id), ("event_type", "=", actor.role.event_type)],
        ["state", "error_message"],
    ) or [{}]
    checks = {
        "one event of the registry is processed": not more and event.get("state") == "processed"
    }
    if actor.number:
        kind = actor.number[:3]
        checks[f"the {kind} is among the IDs"] = _has_number(api, actor, kind)
    if actor.role.event_type == "birth":
        checks["the birth date is the registry's"] = partner["birthdate"] == actor.day
    elif actor.role.event_type == "death":
        checks["the registrant is disabled, with reason and author"] = all(
            partner[name] for name in ("disabled", "disabled_by", "disabled_reason")
        )
        checks["the date of death is the registry's"] = partner["death_date"] == actor.day
        checks["every programme membership is exited"] = _is_out(api, actor)
        checks["no household counts the dead"] = not api.find(
            "spp.group.membership",
            [("individual", "=", actor.partner_id), ("is_ended", "=", False)],
        )
        checks["nothing will be paid to the dead"] = not api.find(
            "spp.entitlement",
            [
                ("partner_id", "=", actor.partner_id),
                ("state", "in", ["draft", "pending_validation", "approved"]),
            ],
        )
    else:
        code = "M" if actor.role.event_type == "marriage" else "D"
        checks["the civil status is the new one"] = bool(
            api.find(
                "res.partner",
                [
                    ("id", "=", actor.partner_id),
                    ("civil_status_id.code", "=", code),
                    ("civil_status_id.namespace_uri", "=", MARITAL_STATUS),
                ],
            )
        )
    return [text for text, holds in checks.items() if not holds]


def _has_number(api: ExternalApi, actor: Actor, kind: str) -> bool:
    domain = [
        ("partner_id", "=", actor.partner_id),
        ("id_type_id.code", "=", kind),
        ("value", "=", actor.number),
        ("status", "!=", "invalid"),
    ]
    return len(api.find("spp.registry.id", domain)) == 1


def _is_out(api: ExternalApi, actor: Actor) -> bool:
    memberships = api.read(
        "spp.program.membership", [("partner_id", "=", actor.partner_id)], ["state", "exit_date"]
    )
    return bool(memberships) and all(
        membership["state"] == "exited" and membership["exit_date"] for membership in memberships
    )
