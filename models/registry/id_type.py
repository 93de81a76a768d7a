from odoo import api, models

from ... import const


class VocabularyCode(models.Model):
    _inherit = "spp.vocabulary.code"

    @api.model
    def _crvs_add_id_types(self):
        """Add the ID types of civil registries that are missing (the data file's method).

        OpenSPP brings none of them, and its vocabulary takes local codes only. A country that has
        one already, under whatever case, keeps it as it is.
        """
        codes = self.sudo().with_context(active_test=False)
        vocabulary = (
            self.env["spp.vocabulary"]
            .sudo()
            .search([("namespace_uri", "=", const.ID_TYPE_NAMESPACE)])
        )
        known = {
            code.code.upper()
            for code in codes.search_fetch([("vocabulary_id", "=", vocabulary.id)], ["code"])
        }
        codes._load_records(
            [
                {
                    "xml_id": f"spp_dci_client_crvs.code_id_type_{code.lower()}",
                    "noupdate": True,
                    "values": {
                        "vocabulary_id": vocabulary.id,
                        "code": code,
                        "display": display,
                        "sequence": 100 + position,
                        "is_local": True,
                        "target_type": "individual",
                    },
                }
                for position, (code, display) in enumerate(const.ID_TYPES.items())
                if code not in known
            ]
        )
