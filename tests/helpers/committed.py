"""For tests that need several transactions at once: committed data, removed afterwards."""

from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase

from ... import const
from ...services import records


class CommittedCase(TransactionCase):
    """Works in cursors of its own. What :meth:`setUp` commits, the clean-up deletes."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_committed)
        with self.transaction() as env:
            self.last_trigger = self._last_trigger(env)
            self.sender_id = (
                env["spp.dci.crvs.sender"]
                .create({"name": "Committed", "sender_id": "committed.test"})
                .id
            )
            uin = env["spp.vocabulary.code"].search(
                [("namespace_uri", "=", const.ID_TYPE_NAMESPACE), ("code", "=", "UIN")]
            )
            self.person_ids = (
                env["res.partner"]
                .create(
                    [
                        {
                            "name": f"Committed {index}",
                            "is_registrant": True,
                            "reg_ids": [
                                (0, 0, {"id_type_id": uin.id, "value": f"COMMITTED-{index}"})
                            ],
                        }
                        for index in range(4)
                    ]
                )
                .ids
            )

    @contextmanager
    def transaction(self, commit=True):
        """Open a transaction of its own; committed at the end unless told otherwise."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            yield env
            if commit:
                env.flush_all()
            else:
                cr.rollback()

    def store(self, env, event_type, person, day):
        """Store an event about the person of that number, in the transaction of `env`."""
        record = {
            "identifier": {"identifier_type": "UIN", "identifier_value": f"COMMITTED-{person}"},
            f"{event_type}_date": day,
        }
        item = {
            "reference_id": f"{event_type}-{person}-{day}",
            "data": {"reg_event_type": event_type, "reg_records": record},
        }
        return env["spp.dci.crvs.event"]._store(
            records.read_notification({"notify_event": item}).events,
            sender=env["spp.dci.crvs.sender"].browse(self.sender_id),
            data_source=env["spp.dci.data.source"],
        )

    def events(self, env):
        events = env["spp.dci.crvs.event"].with_context(active_test=False)
        return events.search([("sender_id", "=", self.sender_id)], order="id")

    def _last_trigger(self, env):
        env.cr.execute("SELECT COALESCE(max(id), 0) FROM ir_cron_trigger")
        return env.cr.fetchone()[0]

    def _delete_committed(self):
        with self.transaction() as env:
            env["spp.dci.crvs.undo"].search([("sender_id", "=", self.sender_id)]).unlink()
            self.events(env).unlink()
            env["spp.registry.id"].search([("value", "like", "COMMITTED-%")]).unlink()
            env["res.partner"].browse(self.person_ids).unlink()
            env["spp.dci.crvs.sender"].browse(self.sender_id).unlink()
            env.cr.execute("DELETE FROM ir_cron_trigger WHERE id > %s", [self.last_trigger])
