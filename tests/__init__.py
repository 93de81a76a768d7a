from . import test_answers, test_key_fetch, test_log_guard
