from . import callback, jwks
