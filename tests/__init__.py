from . import test_answers, test_log_guard
