"""Trusts the benchmark's key and creates the registrants whose deaths are going to be notified."""

from bench.inside import people, talk

given = talk.arguments()
sender, _source = people.trust(env, given["public_key"])  # noqa: F821
assert sender.id == 1, "the bare route names the first sender"  # noqa: S101
people.populate(env, given["registrants"])  # noqa: F821
# Nothing but the addon's own scheduled action is to run beside the requests.
own = env.ref("spp_dci_client_crvs.ir_cron_process_events")  # noqa: F821
env.cr.execute(  # noqa: F821
    "UPDATE ir_cron SET nextcall = now() + interval '2 days' WHERE id != %s", [own.id]
)
talk.say(done=True)
