from .client import DCIClient

__all__ = ["DCIClient"]
