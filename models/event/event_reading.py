from odoo import api, fields, models

from ...services import records

# What the record's person and the registrant are compared by, and whose sex is which.
_SEX = {"1": "male", "2": "female"}


class CRVSEvent(models.Model):
    """What people read on an event: whom the record means beside whom we have, and what changed."""

    _inherit = "spp.dci.crvs.event"

    changes_text = fields.Text(
        "What It Changed",
        compute="_compute_changes_text",
        groups="spp_dci_client_crvs.group_crvs_manager",
    )
    comparison = fields.Html(
        "As Notified and as Registered",
        compute="_compute_comparison",
        sanitize=False,
        groups="spp_dci_client_crvs.group_crvs_officer",
    )

    # === THE RECORD BESIDE THE REGISTRANT === #

    @api.depends("raw_data", "person_id", "candidate_ids")
    def _compute_comparison(self):
        for event in self:
            event.comparison = self.env["ir.qweb"]._render(
                "spp_dci_client_crvs.event_comparison", event.sudo()._comparison_values()
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
        types = (
            {
                entry.id: entry.code.upper()
                for entry in self.env["spp.vocabulary.code"].search_fetch([], ["code"])
            }
            if said.identifiers
            else {}
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
                said.sex,
                lambda person: _SEX.get(person.gender_id.code, ""),
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
                    f"{types.get(entry.id_type_id.id) or entry.id_type_id.code} {entry.value}"
                    for entry in numbers_of(person)
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
                said.marital_status,
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
    def _compute_changes_text(self):
        for event in self:
            lines = [event.sudo()._change_line(change) for change in event.changes or []]
            event.changes_text = "\n".join(filter(None, lines)) or False

    def _change_line(self, change):
        """Put one change into words.

        :param dict change: one item of ``changes``
        :return: the line, empty when the addon that the change was made with is gone
        :rtype: str
        """
        if change["model"] not in self.env:
            return ""
        record = self.env[change["model"]].browse(change["id"]).exists()
        if "created" in change:
            person = self.env["res.partner"].browse(change["partner_id"]).exists()
            return self.env._(
                "%(person)s: new %(type)s %(value)s",
                person=person.display_name or "",
                type=(record and record.id_type_id.display_name) or self.env._("ID"),
                value=change["created"].get("value", ""),
            )
        field = self.env[change["model"]]._fields.get(change["field"])
        if not field:
            return ""
        return self.env._(
            "%(record)s: %(field)s was %(old)s, is %(new)s",
            record=record.display_name or "",
            field=field.get_description(self.env, ["string"])["string"],
            old=self._change_value(field, change["old"]),
            new=self._change_value(field, change["new"]),
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
            return self.env._("empty")
        if field.type == "many2one":
            return self.env[field.comodel_name].browse(value).exists().display_name or str(value)
        if field.type == "selection":
            options = field.get_description(self.env, ["selection"])["selection"]
            return dict(options).get(value, value)
        return str(value)
