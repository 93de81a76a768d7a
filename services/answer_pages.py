"""Pages of one answer that come in several messages. Pure: imports nothing of Odoo."""

from .record_search import read_search_response
from .record_values import as_list, safe_ascii

_CONTENT = ("status", "status_reason_code", "data", "pagination")


def by_reference(message):
    """Group the items of an answer by the reference id they belong to.

    :param dict message: with ``search_response``, which :func:`read_search_response` could read
    :rtype: dict[str, list[dict]]
    """
    groups = {}
    for item in as_list(message.get("search_response")):
        groups.setdefault(safe_ascii(item.get("reference_id"), 255), []).append(item)
    return groups


def gather(kept, received):
    """Add pages to those that came before, each once.

    A page that comes again with other records is kept as well: what it says must not be lost.

    :param list[dict] kept: items of one reference id
    :param list[dict] received: further ones
    :rtype: list[dict]
    """
    pages = list(kept)
    known = [_content(page) for page in pages]
    for item in received:
        content = _content(item)
        if content not in known:
            pages.append(item)
            known.append(content)
    return pages


def is_complete(pages):
    """Whether all pages of an answer are there.

    Pages are told apart by their number. The total tells how many records there must be; without
    one, no page may be missing before the last.

    :param list[dict] pages: items of one reference id
    :rtype: bool
    """
    counts, totals = {}, []
    for position, item in enumerate(pages):
        page = read_page(item, read=_read_nothing)
        if page.status == "rjct":
            return True
        number = ("unnumbered", position) if page.page is None else page.page
        counts[number] = max(counts.get(number, 0), len(page.raw_records))
        if page.total is not None:
            totals.append(page.total)
    if totals:
        return sum(counts.values()) >= max(totals)
    numbers = [number for number in counts if isinstance(number, int)]
    return not numbers or (min(numbers) <= 1 and max(numbers) - min(numbers) < len(numbers))


def read_page(item, *arguments, **options):
    """Read one item; arguments as of :func:`read_search_response`.

    :rtype: SearchItem
    """
    return next(
        iter(read_search_response({"search_response": [item]}, *arguments, **options).values())
    )


def _content(item):
    return [item.get(name) for name in _CONTENT]


def _read_nothing(_record, _tz):
    return None
