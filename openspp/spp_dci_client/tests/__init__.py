from . import (
    test_client_messages,
    test_client_requests,
    test_data_source,
    test_signing_key,
)
