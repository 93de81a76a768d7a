"""What is common to the answers that registries send to our requests."""

_LISTS = ("search_response", "subscribe_response")


def reference_ids(message):
    """List the reference ids that an answer speaks of.

    :param dict message: of an on-search, on-subscribe, on-unsubscribe or txn-on-status; a status
        answer carries the answer of the request that it is about (``txn_status``)
    :return: reference ids in the order received; empty where the answer has no items
    :rtype: list[str]
    """
    status = message.get("txnstatus_response")
    if isinstance(status, dict):
        inner = status.get("txn_status")
        return reference_ids(inner) if isinstance(inner, dict) else []
    items = next((message[name] for name in _LISTS if message.get(name)), [])
    items = items if isinstance(items, list) else [items]
    return [
        item["reference_id"]
        for item in items
        if isinstance(item, dict) and isinstance(item.get("reference_id"), str)
    ]
