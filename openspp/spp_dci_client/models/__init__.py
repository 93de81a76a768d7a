from . import access_token, data_source, signing_key
