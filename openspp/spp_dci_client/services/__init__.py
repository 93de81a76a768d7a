from .client import DCIClient
from .exceptions import (
    DCIAnswerError,
    DCIAuthenticationError,
    DCIClientError,
    DCIRefusedError,
    DCIUnavailableError,
)
from .response import DCIResponse

__all__ = [
    "DCIAnswerError",
    "DCIAuthenticationError",
    "DCIClient",
    "DCIClientError",
    "DCIRefusedError",
    "DCIResponse",
    "DCIUnavailableError",
]
