from . import data_source, signing_key
