import uuid

from odoo import fields, models


class QueueJob(models.Model):
    _name = "queue.job"
    _description = "Job"

    uuid = fields.Char()
    name = fields.Char()
    state = fields.Char(default="pending")
    channel = fields.Char()
    identity_key = fields.Char()
    max_retries = fields.Integer()
    model_name = fields.Char()
    method_name = fields.Char()
    record_ids = fields.Json()
    arguments = fields.Json()
    user_id = fields.Many2one("res.users")

    def _enter(
        self,
        records,
        method,
        arguments,
        *,
        description="",
        channel="root",
        identity_key=None,
        max_retries=5,
    ):
        """Enter a job, unless one of the same identity waits."""
        waiting = self.search(
            [("identity_key", "=", identity_key), ("state", "in", ("pending", "enqueued"))], limit=1
        )
        if identity_key and waiting:
            return waiting
        return self.create(
            {
                "uuid": str(uuid.uuid4()),
                "name": description,
                "channel": channel,
                "identity_key": identity_key,
                "max_retries": max_retries,
                "model_name": records._name,
                "method_name": method,
                "record_ids": records.ids,
                "arguments": list(arguments),
                "user_id": records.env.uid,
            }
        )

    def _perform(self):
        """Do what the runner's worker does, without its commit."""
        records = self.env[self.model_name].with_user(self.user_id).browse(self.record_ids)
        records = records.with_context(job_uuid=self.uuid)
        result = getattr(records, self.method_name)(*(self.arguments or ()))
        self.env.flush_all()
        self.env.invalidate_all()
        return result
