from odoo import api, fields, models
from odoo.tools import str2bool

from ... import const
from ..mixins import number

# Which system parameter each field shows. A parameter that is missing has its default, and 0 means
# 0: Odoo's own way of storing settings would take it for "missing".
_NUMBERS = {
    "crvs_event_data_retention_d": const.PARAM_EVENT_RETENTION_D,
    "crvs_unmatched_retention_d": const.PARAM_UNMATCHED_RETENTION_D,
    "crvs_inbox_body_retention_d": const.PARAM_INBOX_BODY_RETENTION_D,
    "crvs_inbox_retention_d": const.PARAM_INBOX_RETENTION_D,
    "crvs_request_retention_d": const.PARAM_REQUEST_RETENTION_D,
    "crvs_check_retention_d": const.PARAM_CHECK_RETENTION_D,
    "crvs_max_deaths_per_hour": const.PARAM_MAX_DEATHS_PER_HOUR,
    "crvs_officer_death_d": const.PARAM_OFFICER_DEATH_D,
    "crvs_future_d": const.PARAM_FUTURE_D,
    "crvs_no_match_attempts": const.PARAM_NO_MATCH_ATTEMPTS,
    "crvs_no_match_delay_factor": const.PARAM_NO_MATCH_DELAY_FACTOR,
    "crvs_technical_attempts": const.PARAM_TECHNICAL_ATTEMPTS,
    "crvs_technical_delay_min": const.PARAM_TECHNICAL_DELAY_MIN,
    "crvs_technical_max_delay_min": const.PARAM_TECHNICAL_MAX_DELAY_MIN,
    "crvs_batch_size": const.PARAM_BATCH_SIZE,
    "crvs_processing_lease_min": const.PARAM_PROCESSING_LEASE_MIN,
    "crvs_max_body_mb": const.PARAM_MAX_BODY_MB,
    "crvs_max_items": const.PARAM_MAX_ITEMS,
    "crvs_clock_skew_s": const.PARAM_CLOCK_SKEW_S,
    "crvs_max_message_age_h": const.PARAM_MAX_MESSAGE_AGE_H,
    "crvs_key_grace_h": const.PARAM_KEY_GRACE_H,
    "crvs_subscription_d": const.PARAM_SUBSCRIPTION_D,
    "crvs_subscription_renewal_d": const.PARAM_RENEWAL_D,
    "crvs_subscription_stale_h": const.PARAM_SUBSCRIPTION_STALE_H,
    "crvs_subscription_silence_d": const.PARAM_SILENCE_D,
}
# For laboratories. Odoo's own way of reading them would take the text "False" for "on".
_SWITCHES = {
    "crvs_allow_unsigned": const.PARAM_ALLOW_UNSIGNED,
    "crvs_allow_insecure_jwks": const.PARAM_ALLOW_INSECURE_JWKS,
}


class ResConfigSettings(models.TransientModel):
    """Every system parameter of this addon, with its unit, on the page *Civil Registry*."""

    _inherit = "res.config.settings"

    crvs_event_data_retention_d = fields.Integer("Original Data of Processed Events")
    crvs_unmatched_retention_d = fields.Integer("Events of Persons Who Are Not Registered Here")
    crvs_inbox_body_retention_d = fields.Integer("Messages as They Came")
    crvs_inbox_retention_d = fields.Integer("Rows of the Inbox")
    crvs_request_retention_d = fields.Integer("Our Questions and Their Answers")
    crvs_check_retention_d = fields.Integer("Results of Death Checks")

    crvs_max_deaths_per_hour = fields.Integer("Deaths per Hour without Keys")
    crvs_officer_death_d = fields.Integer("Deaths an Officer Assigns")
    crvs_future_d = fields.Integer("Days Ahead")
    crvs_placeholder_numbers = fields.Char(
        "Words for “No Number”", config_parameter=const.PARAM_PLACEHOLDERS
    )
    crvs_no_match_attempts = fields.Integer("Attempts to Find Somebody")
    crvs_no_match_delay_factor = fields.Float("Factor of the Waits Between")
    crvs_technical_attempts = fields.Integer("Attempts after a Technical Error")
    crvs_technical_delay_min = fields.Float("First Wait")
    crvs_technical_max_delay_min = fields.Float("Longest Wait")
    crvs_batch_size = fields.Integer("Events at a Time")
    crvs_processing_lease_min = fields.Float("Lease of a Job Queue")

    crvs_max_body_mb = fields.Float("Largest Message")
    crvs_max_items = fields.Integer("Items of a Message")
    crvs_clock_skew_s = fields.Integer("Difference of Clocks")
    crvs_max_message_age_h = fields.Float("Age of a Message")
    crvs_key_grace_h = fields.Float("Grace Period of Keys")
    crvs_receiver_ids = fields.Char("Our Other Names", config_parameter=const.PARAM_RECEIVER_IDS)

    crvs_subscription_d = fields.Integer("Period of a Subscription")
    crvs_subscription_renewal_d = fields.Integer("Renewal before Its End")
    crvs_subscription_stale_h = fields.Float("Unanswered Requests")
    crvs_subscription_silence_d = fields.Integer("Silence")

    crvs_allow_unsigned = fields.Boolean("Take Unsigned Messages")
    crvs_allow_insecure_jwks = fields.Boolean("Fetch Keys without TLS")

    @api.model
    def get_values(self):
        values = super().get_values()
        for field, parameter in _NUMBERS.items():
            value = number(self.env, parameter)
            values[field] = value if self._fields[field].type == "float" else int(value)
        for field, parameter in _SWITCHES.items():
            values[field] = self._is_on(parameter)
        return values

    @api.model
    def _is_on(self, parameter):
        value = self.env["ir.config_parameter"].sudo().get_param(parameter, "")
        return str2bool(value, default=False)

    def set_values(self):
        result = super().set_values()
        parameters = self.env["ir.config_parameter"].sudo()
        for field, parameter in _NUMBERS.items():
            if self[field] != number(self.env, parameter):
                parameters.set_param(parameter, f"{max(self[field], 0):g}")
        for field, parameter in _SWITCHES.items():
            if self[field] != self._is_on(parameter):
                parameters.set_param(parameter, str(self[field]))
        return result
