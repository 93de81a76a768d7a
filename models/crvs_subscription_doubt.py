from odoo import fields, models
from odoo.exceptions import UserError

from ..services.change import settles_nothing
from ..services.transactions import lock, own_attempts


class CRVSSubscription(models.Model):
    """Subscribing again while nobody knows what became of the request before."""

    _inherit = "spp.dci.crvs.subscription"

    in_doubt = fields.Boolean(
        readonly=True, help="It is not known whether the registry has received our request."
    )

    def _settle_doubt(self, data_source):
        """Ask now what became of a request, so that it can be made again if nothing did.

        Not every registry tells. Then it may be made again too: subscribed to twice, each event
        still counts once.

        :param data_source: registry
        :raise UserError: when it could not be asked
        """
        self.ensure_one()
        tells = True
        try:
            self._ask_status(data_source)
        except UserError as error:
            if settles_nothing(error):
                raise
            tells = False
        for attempt in own_attempts(data_source):
            with attempt as own:
                subscription = lock(own.env[self._name].browse(self.id))
                if subscription.state == "requested" and subscription.in_doubt and not tells:
                    subscription.write(
                        {"state": "rejected", "reason": self.env._("Requested again since.")}
                    )
                if subscription.state == "rejected":
                    # Who asks again knows.
                    subscription.activity_ids.unlink()
