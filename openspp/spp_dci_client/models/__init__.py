from . import access_token
from . import signing_key
from . import data_source
