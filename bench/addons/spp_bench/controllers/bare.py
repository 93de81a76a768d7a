"""The least that a route can do to store a notification's event: no check, no inbox, no trust."""

import json

from odoo import SUPERUSER_ID, fields, http
from odoo.http import request

SENDER = 1


class BareRoute(http.Controller):
    @http.route(
        "/spp_bench/event",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def store(self):
        """Store the one event of a notification in the ORM, without looking at anything else."""
        envelope = json.loads(request.httprequest.get_data())
        (item,) = envelope["message"]["notify_event"]
        person = item["data"]["reg_records"]
        identifier = person["identifier"][0]
        now = fields.Datetime.now()
        request.update_env(user=SUPERUSER_ID)
        request.env["spp.bench.event"].create(
            {
                "name": envelope["header"]["message_id"],
                "event_type": item["data"]["reg_event_type"],
                "identifier_type": identifier["identifier_type"],
                "identifier_value": identifier["identifier_value"],
                "event_date": person["death_date"],
                "state": "received",
                "raw_data": json.dumps(item),
                "received_date": now,
                "next_attempt": now,
                "sender_id": SENDER,
                "source": "notification",
                "reference": item["reference_id"],
                "origin": envelope["header"]["sender_id"],
                "digest": item["reference_id"],
                "attempts": 0,
                "duplicate_count": 0,
            }
        )
        return request.make_json_response({"message": {"ack_status": "ACK"}}, status=202)
