"""Names and numbers that several parts of the addon share."""

import re

EVENT_TYPES = [
    ("birth", "Birth"),
    ("death", "Death"),
    ("marriage", "Marriage"),
    ("divorce", "Divorce"),
]

# Letters, digits and what may stand in a URL (RFC 3986 section 2), since registries use theirs.
SENDER_ID_FORM = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,255}")

# Who reads what is about a person, and who reads what proves it.
READS_PERSONS = "spp_dci_client_crvs.group_crvs_officer,spp_dci_client_crvs.group_crvs_auditor"
READS_EVIDENCE = "spp_dci_client_crvs.group_crvs_manager,spp_dci_client_crvs.group_crvs_auditor"

# The vocabularies of the OpenSPP base modules.
ID_TYPE_NAMESPACE = "urn:openspp:vocab:id-type"
GROUP_ROLE_NAMESPACE = "urn:openspp:vocab:group-membership-type"
CIVIL_STATUS_NAMESPACE = "urn:un:unsd:pop-census:marital-status"

# What this addon adds to the ID types, as far as they are missing.
ID_TYPES = {
    "UIN": "Unique Identity Number (UIN)",
    "BRN": "Birth Registration Number (BRN)",
    "DRN": "Death Registration Number (DRN)",
    "MRN": "Marriage Registration Number (MRN)",
}

# What registries' names of ID types mean, unless an administrator says otherwise: codes of ours.
_NATIONAL = ("NATIONAL_ID", "UIN")
ID_TYPE_NAMES = {
    "UIN": _NATIONAL,
    "NID": _NATIONAL,
    "NIN": _NATIONAL,
    "NATIONAL_ID": _NATIONAL,
    "NATIONALID": _NATIONAL,
    "BRN": ("BRN", "BIRTH_CERTIFICATE"),
    "BIRTH_REGISTRATION_NUMBER": ("BRN", "BIRTH_CERTIFICATE"),
    "DRN": ("DRN",),
    "DEATH_REGISTRATION_NUMBER": ("DRN",),
    "MRN": ("MRN",),
    "MARRIAGE_REGISTRATION_NUMBER": ("MRN",),
    "PASSPORT": ("PASSPORT",),
    "PASSPORT_NUMBER": ("PASSPORT",),
    "TAX_ID": ("TAX_ID",),
    "TIN": ("TAX_ID",),
}

# How servers write the registry type of a data source that is a civil registry.
CIVIL_REGISTRY_TYPES = ("CRVS", "ns:org:RegistryType:Civil")

# A person keeps these for life: two different values mean two different persons.
LIFELONG_ID_TYPES = frozenset({"UIN", "NID", "NIN", "NATIONAL_ID", "BRN", "BIRTH_CERTIFICATE"})

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
PARAM_BATCH_SIZE = "spp_dci_client_crvs.batch_size"
PARAM_PROCESSING_LEASE_MIN = "spp_dci_client_crvs.processing_lease_min"
PARAM_TECHNICAL_ATTEMPTS = "spp_dci_client_crvs.technical_attempts"
PARAM_TECHNICAL_DELAY_MIN = "spp_dci_client_crvs.technical_delay_min"
PARAM_TECHNICAL_MAX_DELAY_MIN = "spp_dci_client_crvs.technical_max_delay_min"
PARAM_NO_MATCH_ATTEMPTS = "spp_dci_client_crvs.no_match_attempts"
PARAM_NO_MATCH_DELAY_FACTOR = "spp_dci_client_crvs.no_match_delay_factor"
PARAM_EVENT_RETENTION_D = "spp_dci_client_crvs.event_data_retention_d"
PARAM_INBOX_RETENTION_D = "spp_dci_client_crvs.inbox_retention_d"
PARAM_INBOX_BODY_RETENTION_D = "spp_dci_client_crvs.inbox_body_retention_d"
PARAM_UNMATCHED_RETENTION_D = "spp_dci_client_crvs.unmatched_retention_d"
PARAM_REQUEST_RETENTION_D = "spp_dci_client_crvs.request_retention_d"
PARAM_CHECK_RETENTION_D = "spp_dci_client_crvs.check_retention_d"
PARAM_SUBSCRIPTION_D = "spp_dci_client_crvs.subscription_d"
PARAM_RENEWAL_D = "spp_dci_client_crvs.subscription_renewal_d"
PARAM_SUBSCRIPTION_STALE_H = "spp_dci_client_crvs.subscription_stale_h"
PARAM_SILENCE_D = "spp_dci_client_crvs.subscription_silence_d"
PARAM_MAX_DEATHS_PER_HOUR = "spp_dci_client_crvs.max_deaths_per_hour"
PARAM_FUTURE_D = "spp_dci_client_crvs.future_d"
PARAM_OFFICER_DEATH_D = "spp_dci_client_crvs.officer_death_d"
# Words, separated by commas, that stand for "no number" beside those that everybody uses.
PARAM_PLACEHOLDERS = "spp_dci_client_crvs.placeholder_numbers"

NUMBER_DEFAULTS = {
    PARAM_MAX_BODY_MB: 5,
    PARAM_CLOCK_SKEW_S: 60,
    PARAM_MAX_MESSAGE_AGE_H: 24,
    PARAM_MAX_ITEMS: 10_000,
    PARAM_KEY_GRACE_H: 24,
    PARAM_BATCH_SIZE: 200,
    PARAM_PROCESSING_LEASE_MIN: 15,
    PARAM_TECHNICAL_ATTEMPTS: 8,
    PARAM_TECHNICAL_DELAY_MIN: 1,
    PARAM_TECHNICAL_MAX_DELAY_MIN: 240,
    PARAM_NO_MATCH_ATTEMPTS: 30,
    PARAM_NO_MATCH_DELAY_FACTOR: 1,
    # Days for which personal data is kept, 0 for ever.
    PARAM_EVENT_RETENTION_D: 730,
    PARAM_UNMATCHED_RETENTION_D: 180,
    PARAM_INBOX_BODY_RETENTION_D: 365,
    PARAM_INBOX_RETENTION_D: 0,
    PARAM_REQUEST_RETENTION_D: 30,
    PARAM_CHECK_RETENTION_D: 365,
    PARAM_SUBSCRIPTION_D: 365,
    PARAM_RENEWAL_D: 14,
    PARAM_SUBSCRIPTION_STALE_H: 1,
    PARAM_SILENCE_D: 30,
    PARAM_FUTURE_D: 2,
    PARAM_OFFICER_DEATH_D: 365,
    PARAM_MAX_DEATHS_PER_HOUR: 200,
}

# No parameter means more than this, in whatever unit: days and hours stay within the calendar.
MAX_NUMBER = 100_000

# Persons asked about in one message when deaths are checked in bulk.
CHECK_BATCH_SIZE = 100

# A key that a registry no longer shows serves a year at most, whatever the parameter says.
MAX_KEY_GRACE_H = 24 * 365
# Events that one transaction processes on request of a user; the scheduler's number is a parameter.
BATCH_SIZE = 200

# Minutes before an event for which nobody was found is tried again; the last one repeats.
NO_MATCH_DELAYS_MIN = (1, 60, 6 * 60, 24 * 60)

# Registrants that an officer is offered for one event, at most.
MAX_CANDIDATES = 10

# What a death ends: memberships of programmes and cycles in these states.
LIVE_MEMBERSHIPS = ("draft", "enrolled", "paused")
# Entitlements that a death cancels, and those of which money may have to come back.
OPEN_ENTITLEMENTS = ("draft", "pending_validation", "approved")
GIVEN_ENTITLEMENTS = ("trans2FSP", "rdpd2ben")
