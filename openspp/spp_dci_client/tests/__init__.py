from . import (
    test_client_failures,
    test_client_messages,
    test_client_next,
    test_connection,
    test_data_source,
    test_signing,
    test_signing_key,
    test_token,
    test_transport,
)
