from . import test_client_messages
from . import test_client_failures
from . import test_connection
from . import test_data_source
from . import test_signing
from . import test_signing_key
from . import test_token
from . import test_transport
