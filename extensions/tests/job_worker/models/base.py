from odoo import models


class Delayed:
    """Makes a job of the next method that is called on it."""

    def __init__(self, records, **options):
        self._records = records
        self._options = options

    def __getattr__(self, name):
        return (
            lambda *arguments: self._records.env["queue.job"]
            .sudo()
            ._enter(self._records, name, arguments, **self._options)
        )


class Base(models.AbstractModel):
    _inherit = "base"

    def with_delay(self, **options):
        """Have the next method called by a job."""
        return Delayed(self, **options)
