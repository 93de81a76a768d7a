"""`./dev demo`: five signed vital events travel from the sandbox registry into Odoo."""

from __future__ import annotations

from . import demo_people, sandbox, server
from .console import Problem, say, step
from .demo_people import Actor
from .external_api import ExternalApi, exchange
from .odoo import Odoo
from .processes import wait_for

OUR_ID = "spp-demo"
SUBSCRIBED_SECONDS = 30
EFFECT_SECONDS = 60


def run(odoo: Odoo) -> int:
    """Show the whole path; return 0 when every effect was read back from Odoo.

    :raise Problem: when something on the way fails
    """
    workspace = odoo.workspace
    before = server.running(workspace)
    running = server.up(odoo, workers=before.workers if before else 0)
    with step("Starting the sandbox registry"):
        registry = sandbox.start(odoo)
    with step("Introducing Odoo and the registry to each other, over Odoo's external API"):
        api = ExternalApi(running.url, odoo.run_inside("demo_key.py", server.DATABASE))
        status = exchange(f"{registry}/admin/status")
        configure(api, status)
    with step("Subscribing to births, deaths, marriages and divorces"):
        odoo.run_inside("demo_subscribe.py", server.DATABASE)
        await_subscriptions(registry)
    actors = [
        demo_people.cast(api, role, lambda person: exchange(f"{registry}/admin/persons", person))
        for role in demo_people.ROLES
    ]
    for actor in actors:
        actor.before = demo_people.describe(api, actor.partner_id)
    if any(actor.new and actor.role.demo_uin for actor in actors):
        say("  the registrants of the demo data have had their events; new ones were made")
    with step("Registering five vital events, which the registry pushes signed over HTTP"):
        for actor in actors:
            register(registry, actor)
        missing = await_effects(api, actors)
    for actor in actors:
        actor.after = demo_people.describe(api, actor.partner_id)
        print(table(actor))
        if actor.role.held_birth_date:
            print(f"   not applied: {demo_people.refusal(api, actor)}")
    print(
        f"\nOdoo runs at {running.url} (login admin, password admin): see DCI > CRVS > Events.\n"
        f"The sandbox registry runs at {registry}. `./dev down` stops both."
    )
    for actor in actors:
        for effect in missing[actor.partner_id]:
            print(f"MISSING after the {actor.role.event_type}: {effect}")
    return 1 if any(missing.values()) else 0


def configure(api: ExternalApi, status: dict) -> None:
    """Make the registry a trusted sender and a data source, and give us a key to sign with.

    :param status: what the sandbox says about itself
    """
    # A registry on this machine publishes its keys by plain HTTP, which is refused by default.
    api.call("ir.config_parameter", "set_param", key="dci.allow_insecure_jwks", value="True")
    sender = api.put(
        "spp.dci.crvs.sender",
        [("sender_id", "=", status["sender_id"])],
        {
            "name": "Sandbox Registry",
            "sender_id": status["sender_id"],
            "jwks_url": status["jwks_url"],
            "algorithm": "ed25519",
            "active": True,
        },
    )
    api.call("spp.dci.crvs.sender", "action_fetch_public_key", [sender])
    keys = api.find("spp.dci.signing.key", [("state", "=", "active")])
    if not keys:
        values = {"name": "Demo", "key_id": f"{OUR_ID}-1", "algorithm": "ed25519"}
        keys = api.call("spp.dci.signing.key", "create", vals_list=[values])
        api.call("spp.dci.signing.key", "action_generate_key", keys)
        api.call("spp.dci.signing.key", "action_activate", keys)
    source = api.put(
        "spp.dci.data.source",
        [("code", "=", "crvs_main")],
        {
            "name": "Sandbox Registry",
            "code": "crvs_main",
            "registry_type": "CRVS",
            "base_url": status["url"],
            "auth_type": "oauth2",
            "oauth2_token_url": status["token_url"],
            "oauth2_client_id": "spp",
            "oauth2_client_secret": "spp-secret",
            "our_sender_id": OUR_ID,
            "our_callback_uri": f"{api.url}/dci/crvs/callback",
            "receiver_id": status["sender_id"],
            "signing_key_id": keys[0],
            "crvs_sender_id": sender,
            "active": True,
        },
    )
    api.call("spp.dci.data.source", "test_connection", [source])


def await_subscriptions(registry: str) -> None:
    """Wait until the registry lists our subscriptions.

    :raise Problem: when it does not in time
    """

    def all_there() -> bool:
        listed = exchange(f"{registry}/admin/subscriptions")["subscriptions"]
        ours = {
            item["event_type"]
            for item in listed
            if item["sender_id"] == OUR_ID and item.get("active", True)
        }
        return ours >= {role.event_type for role in demo_people.ROLES}

    if not wait_for(all_there, SUBSCRIBED_SECONDS):
        raise Problem("The sandbox registry does not list our four subscriptions.")


def register(registry: str, actor: Actor) -> None:
    """Have the registry register what happens to an actor, and push it.

    :raise Problem: when that reaches nobody, or Odoo refuses it
    """
    event = {
        "event_type": actor.role.event_type,
        "identifier": {"type": "UIN", "value": actor.uin},
        "date": actor.day,
        **({"number": actor.number} if actor.number else {}),
    }
    deliveries = exchange(f"{registry}/admin/events", event)["deliveries"]
    if not deliveries:
        raise Problem(f"The registry told nobody of the {actor.role.event_type}.")
    for delivery in deliveries:
        if not delivery["accepted"]:
            raise Problem(f"Odoo refused the {actor.role.event_type}: {delivery['attempts'][-1]}")


def await_effects(api: ExternalApi, actors: list[Actor]) -> dict[int, list[str]]:
    """Wait until the events had their effects; return by registrant what is missing."""
    missing: dict[int, list[str]] = {}

    def all_happened() -> bool:
        for actor in actors:
            missing[actor.partner_id] = demo_people.missing_effects(api, actor)
        return not any(missing.values())

    wait_for(all_happened, EFFECT_SECONDS, pause=0.5)
    return missing


def table(actor: Actor) -> str:
    """Return the registrant's values before and after as lines of text, changes marked by *."""
    person = f"{actor.role.given_name} {actor.role.family_name}, UIN {actor.uin}"
    rows = [("", actor.role.event_type.upper(), "before", "after")]
    for name in dict.fromkeys([*actor.before, *actor.after]):
        old, new = actor.before.get(name, ""), actor.after.get(name, "")
        if old or new:
            rows.append(("*" if old != new else "", name, old or "–", new or "–"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(row[column].ljust(widths[column]) for column in range(3)), row[3]])
        for row in rows
    ]
    return "\n".join(["", person, *lines])
