from . import processors
from . import crvs_sender_key
from . import crvs_sender
from . import crvs_sender_fetch
from . import data_source
