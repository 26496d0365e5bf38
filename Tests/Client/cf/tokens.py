"""When cf renews an access token: a minute before its end, which it reads in the token itself (RFC 7519)."""

from __future__ import annotations

import base64
import json
import time

MARGIN_SECONDS = 60


def new(name: str, seconds: float) -> str:
    """An access token that ends in that many seconds. Nobody checks its signature here."""
    def encode(value: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"bearer {encode({'alg': 'none'})}.{encode({'jti': name, 'exp': int(time.time() + seconds)})}.c2lnbmF0dXJl"


def ends_soon(token: str) -> bool:
    """Whether cf renews it before it uses it; it does so as well with what it cannot read."""
    try:
        payload = token.split(" ")[-1].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"] - time.time() < MARGIN_SECONDS
    except (IndexError, ValueError, KeyError):
        return True
