"""Vital events of the registrants that `people` makes up; nothing of Odoo in here."""


def uin(number):
    """Return the UIN of the n-th registrant."""
    return f"BENCH-{number}"


def item(number, event_type="death", **more):
    """Return one item of a standard notification: an event of the n-th registrant.

    :param more: further members of the person's record
    """
    letter = {"birth": "B", "death": "D", "marriage": "M", "divorce": "X"}[event_type]
    return {
        "reference_id": f"ref-{event_type}-{number}",
        "timestamp": "2026-01-10T10:00:00+00:00",
        "data": {
            "version": "1.0.0",
            "reg_type": "ns:org:RegistryType:Civil",
            "reg_event_type": event_type,
            "reg_record_type": "spdci-extensions-dci:Person",
            "reg_records": {
                "identifier": [
                    {"identifier_type": "UIN", "identifier_value": uin(number)},
                    {"identifier_type": f"{letter}RN", "identifier_value": f"{letter}RN-{number}"},
                ],
                "name": {"given_name": "Person", "surname": str(number)},
                f"{event_type}_date": "2026-01-09",
                **more,
            },
        },
    }
