"""Clients: browsers, partners, slow and hostile ones."""

import asyncio
import json
import os
import random
import time

from .exchange import Client, Hung
from .server import PARTNER, User

# Users who come back. Each who withdraws is replaced by a new one.
RETURNING = 2_000
BROWSERS = 8
WITHDRAWING = 0.1
BATCH = 50
BROWSER = ["User-Agent: Browser", "Accept: text/html"]


def cookies(heads):
    return [value for name, value in heads if name == "set-cookie" and value.startswith("ts-ec=")]


def uid(user):
    return f"uid-{user[-6:]}"


async def forever(server, act):
    """Acts on one connection until the soak ends; a connection that breaks off is made again."""
    client = Client(server.port)
    while not server.ended:
        try:
            await act(server, client)
        except Hung as hung:
            server.findings.append(f"no answer: {hung}")
        except OSError:
            server.count("connections broken off")
            await asyncio.sleep(0.05)
        await asyncio.sleep(0)


async def browse(server, client):
    """One page of one browser."""
    # Each browser has one user to itself meanwhile.
    if len(server.live) <= RETURNING - BROWSERS:
        await first_visit(server, client)
    elif random.random() < WITHDRAWING:
        await withdraw(server, client)
    else:
        await visit(server, client)


def take(server):
    """A live user who no other browser has meanwhile."""
    place = random.randrange(len(server.live))
    server.live[place], server.live[-1] = server.live[-1], server.live[place]
    return server.live.pop()


def met(server, heads, began):
    """Keeps a new id that a page gave."""
    for cookie in cookies(heads):
        user = cookie[len("ts-ec=") :].split(";")[0]
        if user and "Max-Age=0" not in cookie and user not in server.users:
            server.users[user] = User()
            server.users[user].remember(began, "given to a new visitor")
            server.live.append(user)
            server.count("users")


async def first_visit(server, client):
    began = time.time()
    status, heads, _ = await client.request("GET", "/", [*BROWSER, "Cookie: us_privacy=1YNN"])
    server.count(f"pages {status}")
    for cookie in cookies(heads):
        known = server.users.get(cookie[len("ts-ec=") :].split(";")[0])
        if known:
            known.remember(began, "given to another new visitor")
            server.findings.append(f"an id was given to a second visitor: {known.history()}")
    met(server, heads, began)


async def visit(server, client):
    user = take(server)
    known, began, what = server.users[user], time.time(), "page"
    try:
        heads = [*BROWSER, f"Cookie: us_privacy=1YNN; ts-ec={user}"]
        if random.random() < 0.2:
            what = "identify"
            heads.append(f"Authorization: Bearer {PARTNER}")
            status, _, _ = await client.request("GET", "/_ts/api/v1/identify", heads)
            server.count(f"identify {status}")
        else:
            status, heads, _ = await client.request("GET", "/", heads)
            server.count(f"pages {status}")
            met(server, heads, began)
        known.remember(began, f"{what} {status}")
    except (Hung, OSError):
        known.remember(began, f"{what} broken off")
        raise
    finally:
        server.live.append(user)


async def withdraw(server, client):
    """Asks until it is acknowledged: by a cookie that is expired."""
    user = take(server)
    known = server.users[user]
    known.state = "asked"
    for _ in range(3):
        began = time.time()
        try:
            heads = [*BROWSER, "Sec-GPC: 1", f"Cookie: ts-ec={user}"]
            status, heads, _ = await client.request("GET", "/", heads)
        except (Hung, OSError):
            known.remember(began, "withdrawal broken off")
            continue
        server.count(f"pages {status}")
        if any("Max-Age=0" in cookie for cookie in cookies(heads)):
            known.remember(began, f"withdrawal acknowledged {status}")
            known.state = "withdrawn"
            server.count("withdrawals acknowledged")
            return
        known.remember(began, f"withdrawal not acknowledged {status}")
        server.count("withdrawals not acknowledged")
        await asyncio.sleep(0.5)


async def sync(server, client):
    """A batch of a partner."""
    users = random.sample(server.live, min(BATCH, len(server.live)))
    now = int(time.time())
    mappings = [{"ec_id": user, "partner_uid": uid(user), "timestamp": now} for user in users]
    heads = [f"Authorization: Bearer {PARTNER}", "Content-Type: application/json"]
    body = json.dumps({"mappings": mappings}).encode()
    if not users:
        return await asyncio.sleep(0.1)
    began = time.time()
    try:
        status, _, answer = await client.request("POST", "/_ts/api/v1/batch-sync", heads, body)
    except (Hung, OSError):
        for user in users:
            server.users[user].remember(began, "batch broken off")
        raise
    server.count(f"batches {status}")
    errors = json.loads(answer).get("errors", []) if status in (200, 207) else []
    refused = {error["index"]: error["reason"] for error in errors}
    for index, user in enumerate(users):
        known = server.users[user]
        known.remember(began, f"batch {status} {refused.get(index, '')}")
        if status in (200, 207) and index not in refused:
            known.synced = True
            server.count("mappings acknowledged")
    await asyncio.sleep(0.05)


async def slowly(server, _):
    """A client that makes no progress: it sends byte by byte, never reads a large page, or does nothing."""
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    try:
        end = time.monotonic() + random.uniform(1, 20)
        kind = random.choice(["drips", "never reads", "idle"])
        if kind == "never reads":
            writer.transport.pause_reading()
            writer.write(b"GET /large HTTP/1.1\r\nHost: publisher.example\r\n\r\n")
        while time.monotonic() < end and not writer.transport.is_closing():
            if kind == "drips":
                writer.write(random.choice([b"G", b"E", b"T", b" ", b"/"]))
            await asyncio.sleep(1)
    finally:
        server.count("slow clients")
        writer.transport.abort()


HOSTILE = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /_ts/admin/v1/policy HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /_ts/admin/v1/policy HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n\r\n",
    b"GET /_ts/api/v1/identify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\nCookie: ts-ec=" + b"0" * 71 + b"\r\n\r\n",
    b"POST /_ts/api/v1/batch-sync HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + PARTNER.encode() + b"\r\nContent-Length: 9\r\n\r\n{\"mapping",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
]


async def attack(server, _):
    """What no server should take, on a connection of its own; whether it is answered is for other tests."""
    bytes_ = random.choice([*HOSTILE, os.urandom(random.randrange(1, 4_096))])
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(bytes_)
        if random.random() < 0.5:
            await asyncio.wait_for(reader.read(65_536), 2)
    except (TimeoutError, asyncio.TimeoutError):
        pass
    finally:
        server.count("hostile clients")
        writer.transport.abort()
    await asyncio.sleep(0.02)


# Clients of each kind at once, on each server.
KINDS = [(browse, BROWSERS), (sync, 2), (slowly, 40), (attack, 2)]
