"""HTTP as the soak's clients and its origin speak it, on asyncio alone."""

import asyncio
import random

# Far longer than an answer takes: what is not there by then hangs.
PATIENCE = 60
LARGE = 5_000_000


class Hung(Exception):
    """An answer that did not come."""


class Client:
    """One connection that is kept, and made again where it was closed."""

    def __init__(self, port):
        self.port = port
        self.stream = None

    async def request(self, method, path, headers=(), body=b""):
        """Status, header lines in lower-case names, and body; an `OSError` where the connection broke off."""
        try:
            return await asyncio.wait_for(self.attempt(method, path, headers, body), PATIENCE)
        except (TimeoutError, asyncio.TimeoutError):
            self.close()
            raise Hung(f"{method} {path}") from None
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            self.close()
            raise OSError(str(error)) from None

    async def attempt(self, method, path, headers, body):
        if self.stream is None:
            self.stream = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.stream
        lines = [f"{method} {path} HTTP/1.1", "Host: publisher.example", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        heads = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in rest if line)]
        named = dict(heads)
        status = int(first.split()[1])
        if status in (204, 304):
            read = b""
        elif named.get("transfer-encoding") == "chunked":
            read = await chunked(reader)
        else:
            read = await reader.readexactly(int(named.get("content-length", 0)))
        if named.get("connection") == "close":
            self.close()
        return status, heads, read

    def close(self):
        if self.stream is not None:
            self.stream[1].close()
            self.stream = None


async def chunked(reader):
    read = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        read += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return read


async def origin(reader, writer):
    """A publisher's origin: pages, one of them large; now and then it closes a connection that is kept."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = b"x" * LARGE if b" /large " in head.split(b"\r\n")[0] else b"<p>a page</p>\n"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            if random.random() < 0.02:
                break
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()
