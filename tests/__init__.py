# Odoo takes for tests what is named test_… here. Without the rooms that need pytest and no
# database (wire, signature, records), and without those that start servers of their own (server).
from . import test_loading, test_log_guard
from .access import test_access, test_access_table, test_companies, test_consumers
from .access import test_death_date, test_fields
from .asking import (
    test_answer_pages,
    test_base_client,
    test_check,
    test_check_forms,
    test_check_payment,
    test_connect,
    test_death_checks,
    test_last_check_workers,
)
from .asking import test_omitted, test_person_check, test_pull, test_pull_full, test_pull_pages
from .asking import test_service, test_service_sandbox, test_subscription, test_subscription_doubt
from .asking import test_unfinished
from .dialects import test_dialect, test_opencrvs, test_opencrvs2, test_opencrvs_trust
from .dialects import test_opencrvs_work
from .event import test_access as test_event_access, test_changes, test_clock, test_concurrency
from .event import (
    test_digest,
    test_distrusted,
    test_intake,
    test_isolation,
    test_life_cycle,
    test_pace,
)
from .event import test_query_plans, test_queue, test_remarks, test_to_do, test_transitions
from .event import test_undo
from .event import test_undo_run
from .event import test_versions_by_two_workers
from .field import test_answers, test_notifications
from .inbox import test_callback, test_callback_answers, test_callback_friendly
from .inbox import test_callback_hostile, test_callback_http, test_message_retention
from .inbox import test_refusals
from .processors import test_birth, test_civil_status, test_death, test_death_limit
from .processors import test_death_limit_workers, test_entitlements, test_extension
from .processors import test_household, test_matching, test_numbers
from .registry import test_default_source, test_id_type_map, test_id_types, test_neutralize
from .registry import test_number_forms, test_partner_pick, test_registry_type, test_retention
from .registry import test_waiting_number
from .screens import test_browser, test_journeys, test_overview, test_screens, test_translations
from .trust import test_jwks, test_sender, test_sender_keys, test_sender_verify
