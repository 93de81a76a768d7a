import json

from odoo import api, fields, models

from ... import const
from ...services import records, wording

# What the record's person and the registrant are compared by, and whose sex is which.
_SEX = {"1": "male", "2": "female"}


class CRVSEvent(models.Model):
    """What people read on an event: whom the record means beside whom we have, and what changed."""

    _inherit = "spp.dci.crvs.event"

    identifier_shown = fields.Char(
        "Identifier",
        compute="_compute_identifier_shown",
        help="Masked for those who may not read what is personal.",
    )
    notified_name = fields.Char(
        "Notified",
        compute="_compute_notified_name",
        help="The person's name as the registry wrote it; masked for those who may not read it.",
    )
    changes_table = fields.Html("What It Changed", compute="_compute_changes_table", sanitize=False)
    comparison = fields.Html(
        "As Notified and as Registered", compute="_compute_comparison", sanitize=False
    )
    remark = fields.Text(
        compute="_compute_remark", help="What failed or needs attention, in your language."
    )
    has_candidates = fields.Boolean(compute="_compute_has_candidates")
    raw_text = fields.Text(
        "Data as Received", compute="_compute_raw_text", groups=const.READS_EVIDENCE
    )

    @api.depends("error_message")
    @api.depends_context("lang")
    def _compute_remark(self):
        for event in self:
            event.remark = wording.retold(self.env, event.error_message)

    @api.depends("candidate_ids")
    def _compute_has_candidates(self):
        for event in self:
            event.has_candidates = bool(event.sudo().candidate_ids)

    # === MASKED === #

    @api.model
    def _is_masked(self):
        """Whether what is personal is masked for who asks: for all but officers and auditors."""
        return not self.env.su and not any(
            map(self.env.user.has_group, const.READS_PERSONS.split(","))
        )

    @api.depends("identifier_value")
    @api.depends_context("uid", "su")
    def _compute_identifier_shown(self):
        is_masked = self._is_masked()
        for event in self:
            value = event.sudo().identifier_value
            event.identifier_shown = wording.masked(value) if is_masked else value

    @api.depends("raw_data")
    @api.depends_context("uid", "su")
    def _compute_notified_name(self):
        is_masked = self._is_masked()
        for event in self:
            try:
                name = event.sudo()._read_vital().person.name
            except records.InvalidRecord:
                name = ""
            event.notified_name = wording.masked(name) if is_masked else name

    @api.depends("raw_data")
    def _compute_raw_text(self):
        for event in self:
            try:
                data = json.loads(event.raw_data or "null")
                event.raw_text = data and json.dumps(data, indent=2, ensure_ascii=False)
            except ValueError:
                event.raw_text = event.raw_data

    # === THE RECORD BESIDE THE REGISTRANT === #

    @api.depends("raw_data", "person_id", "candidate_ids")
    @api.depends_context("uid", "su", "lang")
    def _compute_comparison(self):
        is_masked = self._is_masked()
        for event in self:
            values = event.sudo()._comparison_values()
            if is_masked:
                for row in values["rows"]:
                    row["notified"] = wording.masked(row["notified"])
                    for ours in row["registered"]:
                        ours["text"] = wording.masked(ours["text"])
                values["persons"] = [wording.masked(name) for name in values["persons"]]
            event.comparison = self.env["ir.qweb"]._render(
                "spp_dci_client_crvs.event_comparison", values
            )

    def _comparison_values(self):
        """Return what the form shows side by side.

        :return: ``persons`` (names of the columns) and ``rows``: a label, what the registry says,
            and for each registrant what we have and whether it differs
        :rtype: dict
        """
        self.ensure_one()
        persons = (self.person_id or self.candidate_ids.person_id).with_context(active_test=False)
        try:
            said = self._read_vital().person
        except records.InvalidRecord:
            said = records.Person()
        rows = [
            self._row(label, notified, [(ours(person), differs(person)) for person in persons])
            for label, notified, ours, differs in self._compared(said)
        ]
        # What nobody says anything of is no line of a comparison.
        rows = [row for row in rows if row["notified"] or any(o["text"] for o in row["registered"])]
        return {"persons": persons.mapped("display_name"), "rows": rows}

    def _row(self, label, notified, registered):
        return {
            "label": label,
            "notified": notified or "",
            "registered": [
                {"text": text or "", "differs": bool(notified and text and differs)}
                for text, differs in registered
            ],
        }

    def _compared(self, said):
        """Return the lines of the comparison.

        :param Person said: the record's person
        :return: of each the label, what the record says, and functions of a registrant that return
            what we have and whether it differs
        """
        _ = self.env._
        birth = said.birth_date and said.birth_date.isoformat()
        numbers = {(entry.type, entry.key) for entry in said.identifiers}
        sexes = {"male": _("male"), "female": _("female"), "other": _("other")}
        statuses = self.env["spp.vocabulary.code"]
        status = said.marital_status and statuses.get_code(
            const.CIVIL_STATUS_NAMESPACE, said.marital_status
        )

        def numbers_of(person):
            return [entry for entry in person.reg_ids if entry.status != "invalid"]

        return [
            (
                _("Name"),
                said.name,
                lambda person: person.name,
                lambda person: sorted(person.name.upper().replace(",", " ").split())
                != sorted(said.name.upper().replace(",", " ").split()),
            ),
            (
                _("Sex"),
                sexes.get(said.sex, said.sex),
                lambda person: person.gender_id.display_name,
                lambda person: _SEX.get(person.gender_id.code, "") != said.sex,
            ),
            (
                _("Birth date"),
                birth or said.birth.text,
                lambda person: fields.Date.to_string(person.birthdate),
                lambda person: fields.Date.to_string(person.birthdate) != birth,
            ),
            (
                _("Identifiers"),
                ", ".join(f"{entry.type} {entry.value}" for entry in said.identifiers),
                lambda person: ", ".join(
                    f"{entry.id_type_id.display_name} {entry.value}" for entry in numbers_of(person)
                ),
                lambda person: not numbers
                & {
                    (name, entry.crvs_key)
                    for entry in numbers_of(person)
                    for name in self._names_of(entry.id_type_id)
                },
            ),
            (
                _("Civil status"),
                (status and status.display_name) or said.marital_status,
                lambda person: person.civil_status_id.display_name,
                lambda person: person.civil_status_id.code != said.marital_status,
            ),
            (_("Mother"), said.mother_name, lambda person: "", lambda person: False),
            (_("Father"), said.father_name, lambda person: "", lambda person: False),
            (
                _("Spouse"),
                said.spouse.name if said.spouse else "",
                lambda person: self.spouse_id.name if person == self.person_id else "",
                lambda person: False,
            ),
        ]

    def _names_of(self, id_type):
        """Return the registry's names for one of our ID types."""
        types = self.env["spp.dci.crvs.id.type"]._types_by_name(self.data_source_id)
        return [name for name, ids in types.items() if id_type.id in ids]

    # === WHAT IT CHANGED, IN WORDS === #

    @api.depends("changes")
    @api.depends_context("uid", "su", "lang")
    def _compute_changes_table(self):
        is_masked = self._is_masked()
        for event in self:
            rows = [event.sudo()._change_row(change) for change in event.sudo().changes or []]
            rows = list(filter(None, rows))
            if is_masked:
                rows = [(*row[:2], *map(wording.masked, row[2:])) for row in rows]
            event.changes_table = rows and self.env["ir.qweb"]._render(
                "spp_dci_client_crvs.event_changes", {"rows": rows}
            )

    def _change_row(self, change):
        """Put one change into words.

        :param dict change: one item of ``changes``
        :return: on what, which field, before and after; empty when the addon that the change was
            made with is gone
        :rtype: tuple[str, ...]
        """
        if change["model"] not in self.env:
            return ()
        record = self.env[change["model"]].browse(change["id"]).exists()
        if "created" in change:
            person = self.env["res.partner"].browse(change["partner_id"]).exists()
            return (
                person.display_name or "",
                (record and record.id_type_id.display_name) or self.env._("ID"),
                "",
                change["created"].get("value", ""),
            )
        field = self.env[change["model"]]._fields.get(change["field"])
        if not field:
            return ()
        return (
            record.display_name or "",
            field.get_description(self.env, ["string"])["string"],
            self._change_value(field, change["old"]),
            self._change_value(field, change["new"]),
        )

    def _change_value(self, field, value):
        """Return a stored value as a user reads it.

        :param field: the field that it is a value of
        :param value: as :func:`plain` left it: many2one as id, dates as ISO text
        :rtype: str
        """
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        if not value:
            return ""
        if field.type == "many2one":
            return self.env[field.comodel_name].browse(value).exists().display_name or str(value)
        if field.type == "selection":
            options = field.get_description(self.env, ["selection"])["selection"]
            return dict(options).get(value, value)
        return str(value)
