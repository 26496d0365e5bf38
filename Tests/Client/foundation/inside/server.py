"""The app: an HTTP server on every address. `GET /N` is answered with N bytes, `GET /fail` with the status 503.

Usage: server.py PORT
"""
import asyncio
import sys

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
FAILURE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
BODY = b"0123456789abcde\n" * 65536


class Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        *requests, self.received = (self.received + data).split(b"\r\n\r\n")
        for request in requests:
            size = request.split(b" ", 2)[1].lstrip(b"/")
            if size == b"fail":
                self.transport.write(FAILURE)
                continue
            count = min(int(size), len(BODY)) if size.isdigit() else 16
            self.transport.write(HEAD % count + BODY[:count])


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Server, "0.0.0.0", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
