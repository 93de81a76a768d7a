import logging
from datetime import timedelta

from odoo import api, fields, models

from ...services import log_guard
from ...services.asking.async_search import send_again
from ...services.asking.registry import Registry, new_id, new_ids
from ...services.own_cursor import lock, own_attempts
from ..mixins import Job

_logger = logging.getLogger(__name__)

# How often an answer whose key nobody knows is asked for again.
_MAX_AGAIN = 3
# A little more than the time in which keys are fetched once.
_PAUSE = timedelta(seconds=70)


class CRVSRequest(models.Model):
    """Asking again for an answer that was refused for its key.

    A registry that restarted has new keys, and an answer that comes in the minute in which keys
    were fetched already is refused. It is never sent again by itself, so we ask for it again.
    """

    _inherit = ["spp.dci.crvs.request", "spp.dci.crvs.scheduled.mixin"]
    _name = "spp.dci.crvs.request"
    _scheduler = "ir_cron_requests"

    refused_date = fields.Datetime(
        "Answer Refused On",
        readonly=True,
        help="When an answer came whose key was not known. Nothing of it was kept.",
    )
    again_count = fields.Integer("Times Asked Again", readonly=True)

    def _note_refused_answer(self):
        """Note that an answer was refused for its key, though the message itself leaves nothing."""
        for attempt in own_attempts(self):
            with attempt as own:
                request = lock(own)
                if request.state == "pending" and request.purpose in ("birth", "death"):
                    request.refused_date = fields.Datetime.now()
                    request._wake_scheduler_at(fields.Datetime.now() + _PAUSE)

    @api.model
    def _cron_ask_again(self):
        """Ask again for what was refused, once the keys are fetched (the scheduler's method)."""
        refused = self.search(
            [
                ("state", "=", "pending"),
                ("refused_date", "!=", False),
                ("again_count", "<", _MAX_AGAIN),
                ("expires_date", ">", fields.Datetime.now()),
                ("data_source_id.active", "=", True),
            ]
        )
        self._work_off(Job(request._ask_again, request._note_trouble) for request in refused)

    def _ask_again(self):
        refused_date = self.refused_date
        sender = self.data_source_id.crvs_sender_id
        fetched = sender.last_key_fetch
        is_old = not fetched or fetched <= refused_date
        if is_old and sender._refetch_for_unknown_key() is None:
            self._wake_scheduler_at(fields.Datetime.now() + _PAUSE)
            return 0
        send_again(Registry(self.env, self.data_source_id), self)
        for attempt in own_attempts(self):
            with attempt as own:
                request = lock(own)
                # The new answer may have been refused meanwhile.
                if request.refused_date == refused_date:
                    request.refused_date = False
        return 1

    def _note_trouble(self, error):
        """Try once more, each time after a longer while: the registry may be starting still."""
        self._wake_scheduler_at(fields.Datetime.now() + _PAUSE * 4**self.again_count)
        _logger.warning(
            "CRVS request %s could not be made again: %s",
            self.id,
            getattr(error, "problem", log_guard.describe(error)),
        )

    def _rename_open_questions(self):
        """Give a locked request new ids, so that the registry takes it for a new one.

        :return: the transaction id, and what is asked under each new reference id
        :rtype: tuple[str, dict]
        """
        answered = set(self.answered_references or ())
        kept = {ref: asked for ref, asked in self.references.items() if ref in answered}
        asked = [asked for ref, asked in self.references.items() if ref not in answered]
        asked.sort(key=lambda one: one.get("position", 0))
        questions = dict(zip(new_ids(len(asked)), asked, strict=True))
        transaction_id = new_id()
        self.write(
            {
                "transaction_id": transaction_id,
                "references": {**kept, **questions},
                "pages": False,
                "again_count": self.again_count + 1,
            }
        )
        return transaction_id, questions
