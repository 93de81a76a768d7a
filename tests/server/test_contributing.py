"""The examples of CONTRIBUTING.md: put together as the addon that they are, installed and tried."""

import re
import unittest

from ..helpers import ROOT
from ..helpers.server import OdooServer, add_addons, complaints, load

GUIDE = ROOT / "CONTRIBUTING.md"
ADDON = "spp_crvs_example"
_BLOCK = re.compile(r"^```python\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

TRY = """
from odoo.addons.spp_dci_client_crvs.services import dialects, records
from odoo.addons.spp_dci_client_crvs.const import ID_TYPE_NAMESPACE

uin = env["spp.vocabulary.code"].get_code(ID_TYPE_NAMESPACE, "UIN")
ana, ben = env["res.partner"].create([
    {"name": name, "is_registrant": True,
     "reg_ids": [(0, 0, {"id_type_id": uin.id, "value": name})]} for name in ("ANA", "BEN")])
sender = env["spp.dci.crvs.sender"].create({"name": "R", "sender_id": "r", "algorithm": "ed25519"})
source = env["spp.dci.data.source"].create({
    "name": "R", "code": "r", "registry_type": "CRVS", "base_url": "https://r.test",
    "auth_type": "none", "crvs_sender_id": sender.id, "dialect": "shouting"})
items = [{"data": {"reg_event_type": kind, "reg_records": {
    "identifier": {"type": "UIN", "value": value}}, "event_date": "2024-01-01"}}
    for kind, value in (("Death", "ANA"), ("AdoptionRegistered", "BEN"))]
found = records.read_notification({"notify_event": items})
assert not found.refused, found
events = env["spp.dci.crvs.event"]._store(found.events, sender=sender, data_source=source)
for event in events:
    event.process_event()
assert events.mapped("outcome") == ["applied"] * 2, events.read(
    ["state", "outcome", "error_kind", "error_message"])
assert ana.disabled and "Pension stopped." in ana.comment
adoption = events.filtered(lambda event: event.event_type == "adoption")
assert adoption.person_id == ben and ben.function == "Adopted"
undo = env["spp.dci.crvs.event.reverse"].with_context(
    **adoption.action_reverse()["context"]).create({"reason": "wrong"})
undo.action_confirm()
assert not ben.function
sender.allow_adoption = False
dialect = dialects.get(source.dialect)
assert dialect.death_criteria("UIN", "abc")["query"]["value"] == "ABC"
print("all of it works")
"""


class ExampleServer(OdooServer):
    """The server with a folder of its own for the example."""

    def __init__(self, blocks):
        super().__init__("contributing")
        for name, content in blocks:
            path = self.folder / "addons" / ADDON / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        self.configure(lambda settings: add_addons(settings, self.folder / "addons"))


@unittest.skipUnless(GUIDE.is_file(), "needs the repository's own guide")
class TestContributing(unittest.TestCase):
    def test_its_examples_work(self):
        blocks = _BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
        self.assertEqual(len(blocks), 6)
        server = self.enterContext(ExampleServer(blocks))
        log = load(server, "-i", ADDON)
        self.assertEqual(complaints(log), [])
        self.assertIn("all of it works", server.run(TRY))
