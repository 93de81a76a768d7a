"""What OpenCRVS demands of a request, read off its description and nothing of ours."""

import base64
import hashlib
import json
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlsplit

import jwt
import requests
from jsonschema import Draft202012Validator, FormatChecker

FORMATS = FormatChecker(formats=())
MAX_AGE = timedelta(minutes=5)


@FORMATS.checks("offset-date-time", raises=ValueError)
def _has_offset(value):
    # Python 3.10 does not read a final Z.
    return datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None


@FORMATS.checks("day", raises=ValueError)
def _is_day(value):
    return date.fromisoformat(value).isoformat() == value


@FORMATS.checks("url", raises=ValueError)
def _is_url(value):
    return urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc)


def _object(required, **members):
    return {
        "type": "object",
        "properties": members,
        "required": required.split(),
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1, "maxLength": 99}
_MOMENT = {"type": "string", "format": "offset-date-time"}
_COUNT = {"type": "integer", "minimum": 1}
_REGISTERS = [f"ocrvs:registry_type:{name}" for name in ("birth", "death", "marriage")]
_OPERATOR = {"enum": ["gt", "lt", "eq", "ge", "le"]}
_EXPRESSION = {
    "oneOf": [
        _object(
            "attribute_name operator attribute_value",
            attribute_name={"const": "birthdate"},
            operator=_OPERATOR,
            attribute_value={"type": "string", "format": "day"},
        ),
        _object(
            "attribute_name operator attribute_value",
            attribute_name={"const": "birthplace"},
            operator=_OPERATOR,
            attribute_value=_TEXT,
        ),
    ]
}
_PREDICATE = _object(
    "expression1",
    seq_num={"type": "integer"},
    expression1=_EXPRESSION,
    condition={"const": "and"},
    expression2=_EXPRESSION,
)
_LOOKUP = _object(
    "type value",
    type={"enum": ["BRN", "DRN", "MRN", "NID", "OPENCRVS_RECORD_ID"]},
    value={"type": "string", "minLength": 1},
)


def _criteria(query_type, query):
    return _object(
        "reg_type query_type query",
        version={"const": "1.0.0"},
        reg_type={"enum": _REGISTERS},
        query_type={"const": query_type},
        query=query,
        pagination=_object("page_size", page_size=_COUNT, page_number=_COUNT),
    )


_REQUEST = _object(
    "signature header message",
    signature={"type": "string", "minLength": 1},
    header=_object(
        "message_id message_ts action sender_id total_count",
        version={"const": "1.0.0"},
        message_id=_TEXT,
        message_ts=_MOMENT,
        action={"const": "search"},
        sender_id={"type": "string", "format": "url"},
        sender_uri={"type": "string", "format": "url"},
        receiver_id=_TEXT,
        total_count=_COUNT,
        is_msg_encrypted={"const": False},
        meta={"type": "object"},
    ),
    message=_object(
        "transaction_id search_request",
        transaction_id=_TEXT,
        search_request={
            "type": "array",
            "minItems": 1,
            "items": _object(
                "reference_id timestamp search_criteria",
                reference_id=_TEXT,
                timestamp=_MOMENT,
                locale={"type": "string", "pattern": "^[a-z]{3}$"},
                search_criteria={
                    "oneOf": [
                        _criteria("idtype-value", _LOOKUP),
                        _criteria(
                            # Without any, it gives the whole register.
                            "predicate",
                            {"type": "array", "items": _PREDICATE},
                        ),
                    ]
                },
            ),
        },
    ),
)
_VALIDATOR = Draft202012Validator(_REQUEST, format_checker=FORMATS)


class Refused(Exception):
    """A request that is not taken: HTTP status, error code, what is wrong."""

    def __init__(self, status, code, why):
        super().__init__(why)
        self.status = status
        self.code = code


def check_shape(envelope, *, receiver_id, is_async):
    """Refuse what does not have the shape of a search.

    :param dict envelope: as received
    :param str receiver_id: of this registry
    :param bool is_async: whether the answer goes to the client's address
    :raise Refused: for the first thing that is wrong
    """
    if not envelope.get("signature"):
        raise Refused(401, "err.signature.missing", "the signature is missing or empty")
    wrong = sorted(_VALIDATOR.iter_errors(envelope), key=lambda error: list(map(str, error.path)))
    if wrong:
        detail = [error.message for error in wrong[0].context or ()]
        raise Refused(400, "err.request.bad", f"{wrong[0].json_path}: {wrong[0].message} {detail}")
    header, questions = envelope["header"], envelope["message"]["search_request"]
    if header["total_count"] != len(questions):
        raise Refused(400, "err.request.bad", "total_count is not the number of requests")
    if header.get("receiver_id", receiver_id) != receiver_id:
        raise Refused(400, "err.receiver_id.invalid", "the message is for another registry")
    references = [question["reference_id"] for question in questions]
    if len(set(references)) != len(references):
        raise Refused(400, "err.request.bad", "a reference id comes twice")
    if is_async and "sender_uri" not in header:
        raise Refused(400, "err.sender_uri.invalid", "nobody says where to answer")


def check_signature(envelope):
    """Refuse what is not signed by a key that the client publishes.

    :raise Refused: when the signature cannot be verified
    """
    content = {"header": envelope["header"], "message": envelope["message"]}
    sent = datetime.fromisoformat(envelope["header"]["message_ts"].replace("Z", "+00:00"))
    if abs(datetime.now(timezone.utc) - sent) > MAX_AGE:
        raise Refused(401, "err.signature.invalid", "the message is not of now")
    try:
        protected = jwt.get_unverified_header(envelope["signature"])
    except jwt.PyJWTError:
        raise Refused(401, "err.signature.invalid", "the signature is no compact JWS") from None
    if protected.keys() != {"alg", "kid"} or protected["alg"] != "RS256":
        raise Refused(401, "err.signature.invalid", "the protected header is not alg and kid")
    key = _published_key(envelope["header"]["sender_id"], protected["kid"])
    try:
        payload = jwt.PyJWS().decode(envelope["signature"], key, algorithms=["RS256"])
    except jwt.PyJWTError:
        raise Refused(401, "err.signature.invalid", "the signature is wrong") from None
    if _canonical(json.loads(payload)) != _canonical(content):
        raise Refused(401, "err.signature.invalid", "the signed text is not the message")


def _published_key(sender_id, kid):
    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(f"{sender_id}/.well-known/jwks.json", timeout=10)
        answer.raise_for_status()
        keys = answer.json()["keys"]
    except (requests.RequestException, ValueError, KeyError):
        raise Refused(401, "err.signature.invalid", "the client publishes no keys") from None
    for jwk in keys:
        if jwk.get("kid") == kid and jwk.get("use", "sig") == "sig" and thumbprint(jwk) == kid:
            return jwt.PyJWK(jwk, "RS256").key
    raise Refused(401, "err.signature.invalid", "the client publishes no such key")


def thumbprint(jwk):
    """Compute the RFC 7638 thumbprint of an RSA key in a JWKS; None for other keys."""
    if jwk.get("kty") != "RSA":
        return None
    text = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _canonical(value):
    return json.dumps(value, sort_keys=True)
