"""Asks the API."""

from __future__ import annotations

import json
import socket

from . import tokens
from .configuration import Configuration
from .failure import Failure

INVALID_TOKEN = {"errors": [{"detail": "Invalid Auth Token", "title": "CF-InvalidAuthToken", "code": 1000}]}


class API:
    def __init__(self, configuration: Configuration) -> None:
        self._values = configuration.values

    def get(self, path: str) -> bytes:
        """What the API answers, be it a refusal. Raises Failure where there is no answer."""
        answer, _ = self._ask({"do": "get", "path": path})
        if "unauthorized" in answer:
            return json.dumps(INVALID_TOKEN).encode()
        return answer["body"].encode(errors="surrogateescape")

    def connect(self, app: str, process: str, index: int) -> tuple[dict, socket.socket | None]:
        """What the SSH proxy answers, and the connection."""
        answer, descriptors = self._ask({"do": "ssh", "app": app, "process": process, "index": index})
        if "unauthorized" in answer:
            raise Failure("Invalid Auth Token")
        return answer, socket.socket(fileno=descriptors[0]) if descriptors else None

    def refresh(self) -> None:
        answer, _ = self._exchange({"do": "refresh", "refresh": self._values.get("RefreshToken", "")})
        self._values.update(answer["tokens"])

    def refresh_if_necessary(self) -> None:
        if tokens.ends_soon(self._values["AccessToken"]):
            self.refresh()

    def _ask(self, request: dict) -> tuple[dict, list[int]]:
        self.refresh_if_necessary()
        return self._exchange(request | {"token": self._values["AccessToken"]})

    def _exchange(self, request: dict) -> tuple[dict, list[int]]:
        target = self._values["Target"]
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(target.removeprefix("unix://"))
            except OSError as error:
                raise Failure(f"Request error: dial {target}: {error}\n"
                              "TIP: If you are behind a firewall and require an HTTP proxy, verify the https_proxy "
                              "environment variable is correctly set.") from None
            connection.sendall(json.dumps(request).encode() + b"\n")
            data, descriptors, _, _ = socket.recv_fds(connection, 65536, 1)
            while not data.endswith(b"\n"):
                more = connection.recv(1 << 20)
                if not more:
                    raise Failure("Request error: unexpected EOF")
                data += more
        answer = json.loads(data)
        if "error" in answer:
            raise Failure(answer["error"])
        return answer, descriptors
