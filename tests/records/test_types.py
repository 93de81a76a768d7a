"""Names of vital events: ours in every spelling, and those that must never be taken for ours."""

import pytest

from ...services.records import event_type, read_notification, types
from ...services.records.types import foetal_name, read_event_name

SPELLINGS = [
    "{upper}",
    "{lower}",
    "{title}",
    " {lower} ",
    "{upper}_REGISTERED",
    "{lower}_registration",
    "{title}Registered",
    "{title}Registration",
    "{title}Event",
    "vital_event:{title}",
    "ocrvs:registry_type:{lower}",
    "ocrvs:registry_type:{lower}/",
    "spdci-common:RegistryEventType:{title}",
    "ns:org:RegistryEventType:{upper}_REGISTERED",
    "https://example.org/VitalEventTypeEnum#{title}",
    "https://example.org/events/{lower}",
]


@pytest.mark.parametrize("kind", ["birth", "death", "marriage", "divorce"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_ours(kind, spelling):
    name = spelling.format(lower=kind, upper=kind.upper(), title=kind.title())
    assert event_type(name) == kind


@pytest.mark.parametrize(
    "name",
    [
        "LiveBirth",
        "live_birth",
        "LIVE_BIRTH",
        "live birth",
        "livebirth",
        pytest.param(" " * 250 + "birth", id="the longest"),
        "LIVEBIRTH_REGISTERED",
        "spdci-common:RegistryEventType:LiveBirth",
    ],
)
def test_live_births(name):
    assert event_type(name) == "birth"


NOT_OURS = [
    "fetal_death",
    "FetalDeath",
    "FETAL_DEATH",
    "fetaldeath",
    "FetalDeathRegistered",
    "foetal-death",
    "ocrvs:registry_type:fetal_death",
    "spdci-common:RegistryEventType:FetalDeath",
    "x:FetalDeath:Death",
    "fetal:death",
    "stillbirth",
    "StillBirth",
    "still_birth",
    "adoption",
    "Legitimation",
    "BIRTH_CANCELLED",
    "death_revoked",
    "birth:cancelled",
    "live_death",
    "birth_death",
    "MarriageAnnulment",
    "judicial_separation",
    "childbirth",
    "deathly",
    "REGISTER",
    "ns:org:RegistryType:Civil",
    "spdci-extensions-dci:Person",
    "décès-death",
    "death2",
    "",
    ":",
    pytest.param("death" + " " * 300, id="endless"),
]


@pytest.mark.parametrize("name", NOT_OURS)
def test_not_ours(name):
    assert event_type(name) is None


@pytest.mark.parametrize("name", [None, 5, True, ["death"], {"death": 1}, b"death"])
def test_a_name_is_a_text(name):
    assert event_type(name) is None


def read(data, **around):
    data = {"reg_records": {"identifier": {"type": "UIN", "value": "1"}}, **data}
    found = read_notification({"notify_event": {"reference_id": "r", "data": data, **around}})
    return [event.event_type for event in found.events], [name for _ref, name in found.refused]


@pytest.mark.parametrize(
    "data",
    [
        {"reg_event_type": "DEATH"},
        {"reg_event_type": ["DEATH"]},
        {"event_type": "death"},
        # The event decides, whatever the register is called.
        {"reg_event_type": "Death", "reg_type": "ocrvs:registry_type:birth"},
        # Without an event, or with one that says nothing, the register decides.
        {"reg_type": "ocrvs:registry_type:death"},
        {"reg_event_type": "", "reg_type": "ocrvs:registry_type:death"},
        {"reg_event_type": "REGISTER", "reg_type": "ocrvs:registry_type:death"},
        {"reg_type": "ns:org:RegistryType:Civil", "reg_record_type": "x:DeathRecord"},
        {"reg_type": "ocrvs:registry_type:death", "reg_record_type": "x:Death"},
    ],
)
def test_where_the_type_of_an_item_is_found(data):
    assert read(data) == (["death"], [])


def test_the_event_may_stand_beside_the_data():
    assert read({}, event_type="DEATH") == (["death"], [])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"reg_event_type": "fetal_death"}, "fetal_death"),
        ({"reg_event_type": "fetal_death", "reg_type": "x:death"}, "fetal_death"),
        ({"reg_event_type": "death", "reg_type": "x:fetal_death"}, "x:fetal_death"),
        ({"reg_type": "x:death", "reg_record_type": "x:FetalDeath"}, "x:FetalDeath"),
        ({"reg_event_type": "adoption", "reg_type": "x:birth"}, "adoption"),
        ({"reg_type": "ns:org:RegistryType:Civil"}, "ns:org:RegistryType:Civil"),
        ({"reg_event_type": "death", "reg_type": " " * 255 + "x"}, "x"),
        ({"reg_event_type": "REGISTER " * 30, "reg_type": "x:death"}, "REGISTER " * 7 + "R"),
        ({"reg_event_type": "décès\n" + "x" * 100}, "d?c?s?" + "x" * 58),
        ({}, "unknown"),
    ],
)
def test_other_items_are_refused_by_name(data, name):
    assert read(data) == ([], [name])


@pytest.mark.parametrize(
    ("name", "kind", "is_known", "withdraws"),
    [
        ("DEATH_REVOKED", "death", True, True),
        ("DeathRegistrationCancelled", "death", True, True),
        ("death_entered_in_error", "death", True, True),
        ("MarriageAnnulment", "marriage", True, True),
        ("annulment", None, False, False),
        ("LateDeathRegistration", "death", True, False),
        ("BirthCorrected", "birth", True, False),
        ("NeonatalDeath", "death", True, False),
        ("judicial_divorce_something", "divorce", False, False),
        ("Cancelled", None, False, True),
    ],
)
def test_what_else_a_name_says(name, kind, is_known, withdraws):
    found = read_event_name(name)
    assert (found.kind, found.is_known, found.withdraws) == (kind, is_known, withdraws)


@pytest.mark.parametrize(
    "block",
    [{"is_stillbirth": True}, {"fetal_death": "true"}, {"type": ["x", "Stillborn"]}],
)
def test_nobody_was_born_alive(block):
    assert foetal_name(block)
    found = read({"reg_event_type": "death", **block})
    assert found[0] == []
    assert read({"reg_event_type": "death"}, **block)[0] == []


def test_somebody_was_born_alive():
    for block in (None, [], {}, {"is_stillbirth": False}, {"type": 5}):
        assert foetal_name(block) == ""


def test_a_type_that_an_addon_adds(monkeypatch):
    monkeypatch.setattr(types, "_NAMES", dict(types._NAMES))
    monkeypatch.setattr(types, "_NOT_OURS", set(types._NOT_OURS))
    types.add_event_type("adoption", "AdoptionRegistered")
    try:
        assert event_type("x:Adoption") == "adoption"
        assert read({"reg_event_type": "ADOPTION_REGISTERED"}) == (["adoption"], [])
    finally:
        types._read_name.cache_clear()
