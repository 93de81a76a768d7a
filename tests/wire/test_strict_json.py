"""The strict parser: one text, one meaning."""

import json

import pytest

from ...services import errors
from ...services.wire.envelope import parse


def around(text):
    """An envelope whose message holds the given text as a value."""
    return b'{"header": {}, "message": {"value": ' + text.encode() + b"}}"


def test_received_text_is_kept():
    header = '{ "b":1.50,\t"a":"\\u00eb\\/" }'
    message = '{"n": 48.90, "nested": {"message": {"header": "}"}},\n"e": 1E2}'
    parsed = parse(f' \r\n{{"x": [1],"message" : {message} ,"header":{header}}}\n'.encode())
    assert (parsed.header_text, parsed.message_text) == (header, message)
    assert parsed.header == {"b": 1.5, "a": "ë/"}
    assert parsed.message == json.loads(message)
    assert parsed.others == {"x": [1]}
    assert parsed.signature is None


@pytest.mark.parametrize("signature", ["x", "", None, 7, [], {}])
def test_signature_is_kept_as_received(signature):
    text = f'{{"signature": {json.dumps(signature)}, "header": {{}}, "message": {{}}}}'
    assert parse(text.encode()).signature == signature


@pytest.mark.parametrize(
    "text",
    [
        '"\\u0001"',
        '"\\ud83d\\ude00"',
        '"\\uD83D\\uDE00\\\\ud800"',
        '"\\\\ud800"',
        '"\\\\u0000"',
        '"\\\\\\\\u0000"',
        '"\\"[[[{{{"',
        '"' + "[{" * 200 + '"',
        "[" * 62 + "]" * 62,
        '{"a":' * 62 + "0" + "}" * 62,
        "9" * 4300,
        '"' + "9" * 5000 + '"',
        "1e308",
        "-0",
        "1E-999",
        '{"a": 1, "A": 2}',
        '[{"a": 1}, {"a": 1}]',
        '"\u2028\ufeff\U0001f600"',
    ],
    ids=range(18),
)
def test_what_is_accepted(text):
    assert parse(around(text)).message == {"value": json.loads(text)}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" ",
        b"{",
        b"}",
        b'{"header": {}, "message": {}',
        b'{"header": {}, "message": {}}}',
        b'{"header": {}, "message": {}} {}',
        b'{"header": {}, "message": {}}\x00',
        b'{"header": {}, "message": {},}',
        b'{"header": {} "message": {}}',
        b'{"header", "message": {}}',
        b"{'header': {}, 'message': {}}",
        b"{header: {}, message: {}}",
        b'{"header": {}, "message": {}, 1: 2}',
        b'{"header": {}, // x\n"message": {}}',
        b'\xef\xbb\xbf{"header": {}, "message": {}}',
        '{"header": {}, "message": {}}'.encode("utf-16"),
        '{"header": {}, "message": {}}'.encode("utf-16-le"),
        '{"header": {}, "message": {}}'.encode("utf-32"),
        '{"header": {}, "message": {"name": "Zoë"}}'.encode("latin-1"),
        b'{"header": {}, "message": {"name": "\xed\xa0\x80"}}',
        b'{"header": {}, "message": {"name": "\xc0\x80"}}',
        '\u00a0{"header": {}, "message": {}}'.encode(),
        b'\x0c{"header": {}, "message": {}}',
        b'{"header": {}, "header": {}, "message": {}}',
        b'{"header": {}, "message": {}, "\\u006dessage": {}}',
        b'{"header": {}, "message": {}, "signature": "", "signature": "x"}',
        b'{"header": {"a": 1, "b": 2, "a": 1}, "message": {}}',
        b'{"header": {}, "message": {"a": [{"b": {"c": 1, "\\u0063": 2}}]}}',
        around("NaN"),
        around("-NaN"),
        around("Infinity"),
        around("-Infinity"),
        around("1e999"),
        around("-1e999"),
        around("9" * 400 + ".0e9"),
        around("9" * 4301),
        around("-" + "9" * 4301),
        around("1." + "0" * 4301),
        around("01"),
        around("+1"),
        around("1."),
        around(".5"),
        around("0x10"),
        around("nul"),
        around("True"),
        around('"\\u0000"'),
        around('"a\\\\\\u0000"'),
        around('{"\\u0000": 1}'),
        around('"\x00"'),
        around('"\n"'),
        around('"\\x41"'),
        around('"\\u12"'),
        around('"\\ud800"'),
        around('"\\udc00"'),
        around('"\\ude00\\ud83d"'),
        around('"\\ud83d\\ud83d\\ude00"'),
        around('"\\ud83d\\\\ude00"'),
        around('"\\ud83d\ufffd"'),
        around('{"\\uDFFF": 1}'),
        around("[" * 63 + "]" * 63),
        around('{"a":' * 63 + "0" + "}" * 63),
        around("[" * 100000),
        around('{"a":' * 100000),
        b"[" * 1000000,
        around('"' + "[" * 10),
    ],
    ids=range(66),
)
def test_what_is_refused(document):
    with pytest.raises(errors.InvalidJSON) as caught:
        parse(document)
    assert (caught.value.http_status, caught.value.code) == (400, "err.request.bad")
    # The scanner's own error has the document in it.
    assert caught.value.__context__ is None and caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (b"[]", None),
        (b"7", None),
        (b"null", None),
        (b'"text"', None),
        (b"{}", "header"),
        (b'{"message": {}}', "header"),
        (b'{"header": {}}', "message"),
        (b'{"header": null, "message": {}}', "header"),
        (b'{"header": [], "message": {}}', "header"),
        (b'{"header": {}, "message": "e30="}', "message"),
        (b'{"header": {}, "message": [{}]}', "message"),
    ],
)
def test_what_is_no_envelope(document, where):
    with pytest.raises(errors.InvalidHeader) as caught:
        parse(document)
    assert caught.value.where == where
