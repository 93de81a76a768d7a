from . import test_answer_pages, test_answers, test_key_fetch, test_log_guard
from . import test_processor_birth, test_processor_civil_status
from . import test_processor_death, test_processor_matching
from . import test_access, test_access_table, test_callback, test_callback_answers
from . import test_callback_friendly, test_callback_hostile, test_callback_http
from . import test_jwks, test_sender, test_sender_keys, test_sender_verify
from . import test_check, test_dialect, test_neutralize, test_pull
from . import test_service, test_service_bulk, test_service_left_out, test_service_sandbox
from . import test_subscription, test_subscription_doubt
from . import test_event_access, test_event_brake, test_event_changes
from . import test_event_brake_workers, test_event_life_cycle, test_event_store
from . import test_message_retention, test_pending_search
from . import test_opencrvs, test_opencrvs_trust, test_opencrvs_work
from . import test_undo, test_undo_run
from . import test_event_concurrency, test_event_pace, test_event_scheduler
from . import test_browser, test_screens, test_translations
