"""`./dev pictures`: takes the pictures of the documentation from the running software."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from . import demo, demo_people, sandbox, server, testing
from .console import Problem, say, step
from .demo_people import ID_TYPES
from .external_api import ExternalApi, exchange
from .odoo import INSIDE, Odoo
from .processes import wait_for

DATABASE = "spp_pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LARGEST_KB = 150
EFFECT_SECONDS = 60
JOURNEYS = "tests/screens/test_journeys.py"
#: Who is on the pictures, beside the administrator: login and password, name, role.
USERS = (("officer", "Olga Officer", "officer"), ("manager", "Mario Manager", "manager"))
#: Who reads Odoo in Arabic.
READER = "amal"
#: Registrants whose deaths only a death check brings to light, by their UIN.
DIED_UNNOTICED = ("9563728190", "4907162534")


def run(odoo: Odoo) -> list[Path]:
    """Stage the demo on a database of its own and take the pictures; return their paths.

    A server of this clone that runs is stopped meanwhile.

    :raise Problem: when a program is missing, or a screen is not as expected
    """
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        raise Problem("Pictures are taken with Chromium: install it (on Debian: chromium).")
    if not shutil.which("rtlcss"):
        raise Problem(
            "The Arabic picture needs rtlcss, by which Odoo mirrors its screens: install it with "
            "npm install -g rtlcss."
        )
    workspace = odoo.workspace
    before = server.running(workspace)
    server.down(workspace)
    odoo.drop(DATABASE)
    sandbox.stop(workspace)
    sandbox.state_file(workspace, "sandbox-pictures").unlink(missing_ok=True)
    try:
        running = server.up(odoo, database=DATABASE)
        with step("Staging the demo"):
            registry = sandbox.start(odoo, "sandbox-pictures")
            api = ExternalApi(running.url, odoo.run_inside("demo_key.py", DATABASE))
            pictures = stage(odoo, api, registry)
        folder = workspace.root / "docs" / "images"
        with step(f"Taking {len(pictures)} pictures"):
            taken = _take(odoo, program, running.url, folder, pictures)
    finally:
        server.down(workspace)
        sandbox.stop(workspace)
        odoo.drop(DATABASE)
        if before:
            server.up(odoo, workers=before.workers)
    return taken + _journeys(odoo, folder)


def _journeys(odoo: Odoo, folder: Path) -> list[Path]:
    """Have the tests of journeys take a picture of how each ends; return the paths."""
    os.environ["SPP_PICTURES"] = str(folder)  # which the tests inherit
    if testing.run(odoo, [str(odoo.workspace.root / JOURNEYS)]):
        raise Problem("A journey failed: see above.")
    return sorted(folder.glob("journey-*.png"))


def stage(odoo: Odoo, api: ExternalApi, registry: str) -> list[dict[str, Any]]:
    """Make something happen that is worth a picture; return the pictures to take."""
    demo.configure(api, exchange(f"{registry}/admin/status"))
    for uin in DIED_UNNOTICED:
        _die(registry, uin, days_ago=40)
    odoo.run_inside("demo_subscribe.py", DATABASE)
    demo.await_subscriptions(registry)
    actors = [
        demo_people.cast(api, role, lambda person: exchange(f"{registry}/admin/persons", person))
        for role in demo_people.ROLES
    ]
    for actor in actors:
        actor.before = demo_people.describe(api, actor.partner_id)
        demo.register(registry, actor)
    if any(demo.await_effects(api, actors).values()):
        raise Problem("The vital events did not have their effects.")
    _nobody_found(registry)
    _not_clear_who(api, registry)
    check = _check(api)
    _install_arabic(api)
    for login, name, role in USERS:
        _user(api, login, name, role)
    _user(api, READER, "Amal", "officer", lang="ar_001")
    died = next(actor for actor in actors if actor.role.event_type == "death")
    return pictures_of(api, died.partner_id, check)


def pictures_of(api: ExternalApi, died: int, check: int) -> list[dict[str, Any]]:
    """Return the pictures.

    :param died: id of the registrant of the demo who died
    :param check: id of the death check
    """

    def event(*domain: tuple) -> str:
        return f"/odoo/crvs-events/{api.find('spp.dci.crvs.event', list(domain))[0]}"

    of_the_dead = event(("person_id", "=", died), ("event_type", "=", "death"))
    (sender,) = api.find("spp.dci.crvs.sender", [])
    registrant = f"/odoo/action-spp_registry.action_individual/{died}"
    changes = (".nav-link", "What It Changed")
    reverse = ("button[name=action_reverse]", "Undo")
    return [
        _picture("overview", "officer", "/odoo/civil-registry", "In Order", 640),
        _picture("overview-ar", READER, "/odoo/civil-registry", "", 640),
        _picture("needs-you", "officer", "/odoo/crvs-to-do", "Not clear who", 460),
        _picture("death", "manager", of_the_dead, "Old-Age Pension", 960, changes),
        _picture(
            "registrant", "admin", registrant, "Last News", 1080, (".nav-link", "Civil Registry")
        ),
        _picture(
            "not-clear-who", "officer", event(("error_kind", "=", "ambiguous")), "Several", 640
        ),
        _picture("reverse", "manager", of_the_dead, "Everything that", 640, reverse),
        _picture("check", "manager", f"/odoo/crvs-death-checks/{check}", "Unknown", 520),
        _picture(
            "check-results",
            "manager",
            f"/odoo/crvs-death-checks/{check}",
            "Not Dead",
            520,
            (".o_stat_text", "Results"),
        ),
        _picture("sender", "manager", f"/odoo/crvs-senders/{sender}", "In use", 900),
    ]


def _picture(
    name: str, login: str, path: str, shows: str, height: int, *clicks: tuple[str, str]
) -> dict[str, Any]:
    return {
        "name": name,
        "login": login,
        "path": path,
        "shows": shows,
        "height": height,
        "clicks": clicks,
    }


def _take(
    odoo: Odoo, program: str, url: str, folder: Path, pictures: list[dict[str, Any]]
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    order = {
        "program": program,
        "url": url,
        "database": odoo.connection.database(DATABASE),
        "folder": str(folder),
        "pictures": pictures,
    }
    result = subprocess.run(
        [str(odoo.python), str(INSIDE / "take_pictures.py")],
        input=json.dumps(order),
        stderr=subprocess.PIPE,
        text=True,
        env=odoo.environ(),
        check=False,
    )
    if result.returncode:
        reason = result.stderr.strip().splitlines()
        raise Problem(f"A picture failed: {reason[-1] if reason else 'no reason given'}")
    paths = [folder / f"{picture['name']}.png" for picture in pictures]
    for path in paths:
        if path.stat().st_size > LARGEST_KB * 1024:
            say(f"  {path.name} is larger than {LARGEST_KB} kB")
    return paths


# -- what happens ----------------------------------------------------------


def _die(registry: str, uin: str, days_ago: int) -> None:
    day = (date.today() - timedelta(days=days_ago)).isoformat()
    event = {"event_type": "death", "identifier": {"type": "UIN", "value": uin}, "date": day}
    exchange(f"{registry}/admin/events", event)


def _enter(registry: str, name: str, identifiers: dict[str, str]) -> None:
    given_name, family_name = name.split()
    person = {
        "id": identifiers["UIN"],
        "given_name": given_name,
        "family_name": family_name,
        "sex": "female",
        "birth_date": "1951-04-12",
        "identifiers": identifiers,
    }
    exchange(f"{registry}/admin/persons", person)


def _nobody_found(registry: str) -> None:
    """Have somebody die whom we do not know."""
    _enter(registry, "Hawa Sesay", {"UIN": "1083726451"})
    _die(registry, "1083726451", days_ago=5)


def _not_clear_who(api: ExternalApi, registry: str) -> None:
    """Have somebody die whose identifiers two of our registrants hold."""
    identifiers = {"UIN": "5550001112", "BRN": "BRN-1951-000777"}
    _enter(registry, "Salma Idris", identifiers)
    for name, (code, value) in zip(
        ("Salma Idris", "Selma Idriss"), identifiers.items(), strict=True
    ):
        domain = [("namespace_uri", "=", ID_TYPES), ("code", "=", code)]
        number = {"id_type_id": api.find("spp.vocabulary.code", domain)[0], "value": value}
        values = {"name": name, "is_registrant": True, "reg_ids": [(0, 0, number)]}
        api.call("res.partner", "create", vals_list=[values])
    _die(registry, identifiers["UIN"], days_ago=4)


def _check(api: ExternalApi) -> int:
    """Check the deaths of a programme; return the id of the run.

    :raise Problem: when it does not end, or finds nobody
    """
    (program,) = api.find("spp.program", [("name", "=", "Family Cash Transfer")])
    values = {"scope": "program", "program": str(program)}
    wizard = api.call("spp.dci.crvs.check.wizard", "create", vals_list=[values])
    check = api.call("spp.dci.crvs.check.wizard", "action_start", wizard)["res_id"]

    def done() -> bool:
        (run,) = api.call("spp.dci.crvs.check", "read", [check], fields=["state", "dead_count"])
        return run["state"] == "done" and run["dead_count"] > 0

    def applied() -> bool:
        domain = [("source", "=", "search"), ("state", "=", "processed")]
        return len(api.find("spp.dci.crvs.event", domain)) == len(DIED_UNNOTICED)

    if not wait_for(done, EFFECT_SECONDS, pause=0.5) or not wait_for(applied, EFFECT_SECONDS):
        raise Problem("The death check did not find the deaths that the registry knows.")
    return check


def _install_arabic(api: ExternalApi) -> None:
    (lang,) = api.find("res.lang", [("code", "=", "ar_001"), ("active", "=", False)])
    values = {"lang_ids": [(6, 0, [lang])], "overwrite": False}
    install = api.call("base.language.install", "create", vals_list=[values])
    api.call("base.language.install", "lang_install", install)


def _user(api: ExternalApi, login: str, name: str, role: str, lang: str = "en_US") -> None:
    groups = (
        ("spp_dci_client_crvs", f"group_crvs_{role}"),
        ("spp_registry", "group_registry_viewer"),
    )
    found = [
        api.read("ir.model.data", [("module", "=", module), ("name", "=", xml_id)], ["res_id"])[0]
        for module, xml_id in groups
    ]
    values = {
        "name": name,
        "login": login,
        "password": login,
        "lang": lang,
        "group_ids": [(6, 0, [item["res_id"] for item in found])],
    }
    api.call("res.users", "create", vals_list=[values], context={"no_reset_password": True})
