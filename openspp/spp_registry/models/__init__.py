from . import registry_id, res_partner, vocabulary, vocabulary_code
