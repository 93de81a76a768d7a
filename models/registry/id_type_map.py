from odoo import api, fields, models
from odoo.tools import SQL

from ... import const
from ...services.records.values import safe_ascii

# Names that nobody has explained, at most: strangers must not make the table grow.
_MAX_UNKNOWN = 200


class CRVSIdType(models.Model):
    """How registries name types of identifiers, and which ID types of ours each of them means."""

    _name = "spp.dci.crvs.id.type"
    _description = "Registry's Name of an ID Type"
    _inherit = ["mail.thread", "mail.activity.mixin", "spp.dci.crvs.alert.mixin"]
    _order = "data_source_id NULLS FIRST, sequence, id"

    name = fields.Char(
        "Registry's Name", required=True, help="As the registry writes it, such as UIN or NID."
    )
    data_source_id = fields.Many2one(
        "spp.dci.data.source",
        "Registry",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for every registry that has no entry of its own for this name.",
    )
    id_type_ids = fields.Many2many(
        "spp.vocabulary.code",
        "spp_dci_crvs_id_type_code_rel",
        "map_id",
        "code_id",
        string="ID Types",
        domain=[("namespace_uri", "=", const.ID_TYPE_NAMESPACE)],
        help="Under which of our ID types such a number may be held. Empty: it tells nothing here.",
    )
    sequence = fields.Integer(
        default=10, help="Of several names for one ID type, the first is the one we ask by."
    )
    active = fields.Boolean(default=True)

    _name_uniq = models.UniqueIndex(
        "(name, COALESCE(data_source_id, 0))", "This registry's name has an entry already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_short_name(vals) for vals in vals_list])

    def write(self, vals):
        result = super().write(self._with_short_name(vals))
        if "id_type_ids" in vals:
            self.filtered("id_type_ids")._open_alerts("id_type_unknown").unlink()
        return result

    def _with_short_name(self, vals):
        if not vals.get("name"):
            return vals
        return {**vals, "name": vals["name"].strip().upper()}

    # === BOTH DIRECTIONS === #

    @api.model
    def _types_by_name(self, data_source):
        """Return what a registry's names mean: to match.

        A name without an entry means the ID type of ours of the same name, if there is one.

        :param data_source: the registry, or an empty recordset
        :return: ids of our ID types, by the registry's name in capitals
        :rtype: dict[str, tuple[int, ...]]
        """
        codes = self.env["spp.vocabulary.code"].sudo()
        types = {
            code.code.upper(): (code.id,)
            for code in codes.search_fetch(
                [("namespace_uri", "=", const.ID_TYPE_NAMESPACE)], ["code"], order="id desc"
            )
        }
        for entry in self._entries(data_source):
            types[entry.name] = tuple(entry.id_type_ids.ids)
        return types

    @api.model
    def _name_for(self, data_source, code):
        """Return by which name a registry is asked about numbers of one of our ID types.

        :param data_source: the registry
        :param str code: of our ID type, any case; a registry's name stays what it is
        :return: the registry's name, in capitals
        :rtype: str
        """
        code = code.strip().upper()
        # A registry's own entries come last and replace those for all.
        entries = {entry.name: entry for entry in self._entries(data_source)}.values()
        for entry in sorted(entries, key=lambda entry: (not entry.data_source_id, entry.sequence)):
            if code in (id_type.code.upper() for id_type in entry.id_type_ids):
                return entry.name
        return code

    @api.model
    def _names_like(self, data_source, name):
        """Return the names by which a registry may call the same numbers as by this one.

        :param data_source: the registry
        :param str name: a registry's name, in capitals
        :rtype: frozenset[str]
        """
        types = self._types_by_name(data_source)
        meant = set(types.get(name, ()))
        return frozenset({name} | {other for other, ids in types.items() if meant & set(ids)})

    @api.model
    def _entries(self, data_source):
        """Return the entries that hold for a registry, its own after those for all."""
        return (
            self.sudo()
            .with_context(active_test=True)
            .search(
                ["|", ("data_source_id", "=", False), ("data_source_id", "=", data_source.id)]
                if data_source
                else [("data_source_id", "=", False)]
            )
        )

    # === NAMES THAT NOBODY HAS EXPLAINED === #

    @api.model
    def _note_unknown(self, names, data_source):
        """Tell an officer, once for each, of names that mean nothing here.

        :param names: as registries write them
        :param data_source: the registry, or an empty recordset
        """
        names = {name for name in (safe_ascii(name, 64) for name in names) if name}
        known = set(
            self.sudo()
            .with_context(active_test=False)
            .search(["|", ("data_source_id", "=", False), ("data_source_id", "=", data_source.id)])
            .mapped("name")
        )
        room = _MAX_UNKNOWN - self.sudo().search_count([("id_type_ids", "=", False)])
        if not (new := sorted(names - known)[: max(room, 0)]):
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_dci_crvs_id_type (
                    name, data_source_id, sequence, active, create_uid, create_date, write_uid,
                    write_date)
                SELECT name, %(source)s, 10, TRUE, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(names)s::text[]) AS name
                ON CONFLICT DO NOTHING
                RETURNING id
                """,
                names=new,
                source=data_source.id or None,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            ),
            log_exceptions=False,
        )
        entries = self.sudo().browse(row[0] for row in self.env.cr.fetchall())
        entries._alert(
            "id_type_unknown",
            self._crvs_officers(),
            self.env._(
                "A registry names a type of identifier that means nothing here, so nobody is found "
                "by it. Have a CRVS manager choose the ID types that it stands for, or leave it "
                "empty."
            ),
        )

    # === DEFAULTS === #

    @api.model
    def _add_defaults(self):
        """Add what registries' usual names mean, as far as they are missing (the data file's).

        ID types are found by their code, since other servers have them under other XML ids.
        """
        codes = {
            code.code.upper(): code.id
            for code in self.env["spp.vocabulary.code"]
            .sudo()
            .search_fetch([("namespace_uri", "=", const.ID_TYPE_NAMESPACE)], ["code"])
        }
        known = set(
            self.with_context(active_test=False)
            .search([("data_source_id", "=", False)])
            .mapped("name")
        )
        self.create(
            [
                {
                    "name": name,
                    "sequence": 10 * position,
                    "id_type_ids": [
                        fields.Command.set([codes[code] for code in ours if code in codes])
                    ],
                }
                for position, (name, ours) in enumerate(const.ID_TYPE_NAMES.items(), 1)
                if name not in known
            ]
        )
