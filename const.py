"""Names and numbers that several parts of the addon share."""

EVENT_TYPES = ("birth", "death", "marriage", "divorce")

# The vocabularies of the OpenSPP base modules.
ID_TYPE_NAMESPACE = "urn:openspp:vocab:id-type"
CIVIL_STATUS_NAMESPACE = "urn:un:unsd:pop-census:marital-status"

# A person keeps these for life: two different values mean two different persons.
LIFELONG_ID_TYPES = frozenset({"UIN", "NID", "NIN", "NATIONAL_ID", "BRN"})

# Types that registries know, whether or not our vocabulary lists them.
KNOWN_ID_TYPES = ("UIN", "NID", "NIN", "BRN", "DRN", "MRN", "OPENCRVS_RECORD_ID")

# An MRN belongs to a couple, so it never tells who is meant.
NON_IDENTIFYING_ID_TYPES = frozenset({"MRN"})

# The number that each kind of event gives to the registrant.
REGISTRATION_NUMBER = {"birth": "BRN", "death": "DRN", "marriage": "MRN"}

# System parameters and their defaults.
PARAM_ALLOW_UNSIGNED = "dci.allow_unsigned_requests"
PARAM_ALLOW_INSECURE_JWKS = "dci.allow_insecure_jwks"
PARAM_RECEIVER_IDS = "dci.receiver_ids"
PARAM_MAX_BODY_MB = "spp_dci_client_crvs.max_body_mb"
PARAM_CLOCK_SKEW_S = "spp_dci_client_crvs.clock_skew_s"
PARAM_MAX_MESSAGE_AGE_H = "spp_dci_client_crvs.max_message_age_h"
PARAM_MAX_ITEMS = "spp_dci_client_crvs.max_items"
PARAM_KEY_GRACE_H = "spp_dci_client_crvs.key_grace_h"
PARAM_INBOX_RETENTION_D = "spp_dci_client_crvs.inbox_retention_d"

NUMBER_DEFAULTS = {
    PARAM_MAX_BODY_MB: 5,
    PARAM_CLOCK_SKEW_S: 60,
    PARAM_MAX_MESSAGE_AGE_H: 24,
    PARAM_MAX_ITEMS: 10_000,
    PARAM_KEY_GRACE_H: 24,
    PARAM_INBOX_RETENTION_D: 0,  # keep for ever
}

# Persons asked about in one message when deaths are checked in bulk.
CHECK_BATCH_SIZE = 100

# A key that a registry no longer shows serves a year at most, whatever the parameter says.
MAX_KEY_GRACE_H = 24 * 365
