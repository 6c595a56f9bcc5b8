"""python3 -m soak --ec EC --folder FOLDER --seconds SECONDS [--disk FOLDER] [--redis]"""

import argparse
import asyncio
import json
import os
import socket
import sys

from .exchange import Client, origin
from .faults import Disk, Redis, reloads
from .load import KINDS, forever, uid
from .server import OPERATOR, Server

# Audits at once.
AUDITORS = 8
# What the last tenth may have beyond the first: the share, and so many MiB, handles or threads. Store calls that wait for a
# disk or an engine have up to 64 threads (`local.store_calls`) for a while.
GROWTH, SLACK = 1.1, (24, 16, 32)


async def sampled(server):
    while not server.ended:
        await asyncio.sleep(1)
        if not server.is_running():
            server.findings.append("the server ended")
            return
        server.sample()


async def audit(server):
    """Looks at every user that a page gave an id, and finds what was acknowledged of each."""
    left = list(server.users.items())

    async def look():
        client = Client(server.port)
        while left:
            user, known = left.pop()
            heads = [f"Authorization: Bearer {OPERATOR}"]
            status, _, body = await client.request("GET", f"/_ts/admin/v1/ec/{user}", heads)
            record = json.loads(body) if status == 200 else {}
            state = record.get("state")
            expected = {"live": ["live"], "withdrawn": ["tombstone"], "asked": ["live", "tombstone"]}[known.state]
            if state not in expected:
                found = f"{state or status}, and was acknowledged as {known.state}"
                server.findings.append(f"{user[-6:]} is {found}: {body.decode()}{known.history()}")
            elif state == "live" and known.synced and uid(user) not in body.decode():
                server.findings.append(f"{user[-6:]} has lost its partner's uid: {body.decode()}{known.history()}")
            server.count("users audited")
        client.close()

    await asyncio.gather(*(look() for _ in range(AUDITORS)))


async def soak(server, seconds, fault):
    tasks = [forever(server, act) for act, clients in KINDS for _ in range(clients)]
    tasks += [sampled(server), reloads(server)]
    if fault:
        tasks.append(fault.run(server))
    tasks = [asyncio.create_task(task) for task in tasks]
    done, under_way = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    # A task may miss that it is cancelled, where its answer comes at that moment.
    server.ended = True
    for task in under_way:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            server.findings.append(f"the soak itself broke off: {error!r}")
    if not server.is_running():
        return
    server.write_policy("24h")
    server.reload()
    if not await server.drained():
        return
    # What was acknowledged outlives the process.
    server.kill()
    server.start()
    if await server.drained():
        await audit(server)


def report(server):
    print(f"\n{server.name}: " + ", ".join(f"{number:,} {what}" for what, number in sorted(server.counts.items())))
    if server.samples:
        tenths = server.tenths()
        first, last = tenths[0], tenths[-1]
        print(f"{'':12}{'memory':>12}{'handles':>10}{'threads':>10}")
        for number, row in enumerate(tenths, 1):
            print(f"tenth {number:<6}{row[0]:>8.1f} MiB{row[1]:>10.0f}{row[2]:>10.0f}")
        for what, before, after, slack in zip(("memory", "handles", "threads"), first, last, SLACK):
            if after > before * GROWTH + slack:
                server.findings.append(f"{what} grew from {before:.0f} to {after:.0f}")
    for finding in server.findings[:20]:
        print(f"FOUND: {finding}")
    print(f"findings: {len(server.findings)}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def main():
    parser = argparse.ArgumentParser()
    for name in ("--ec", "--folder", "--disk"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--redis", action="store_true")
    options = parser.parse_args()
    listener = await asyncio.start_server(origin, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]

    disk = Disk(options.disk) if options.disk else None
    graph = os.path.join(options.disk or options.folder, "graph.redb")
    runs = [(Server(options.ec, options.folder, "file", graph, port), disk)]
    if options.redis:
        redis = Redis(options.folder, free_port())
        shared = f"redis://127.0.0.1:{redis.port}/0"
        runs.append((Server(options.ec, options.folder, "shared", shared, port), redis))
    runs[0][0].fill()
    try:
        for server, _ in runs:
            server.start()
        await asyncio.gather(*(soak(server, options.seconds, fault) for server, fault in runs))
    finally:
        for server, fault in runs:
            server.kill()
            if isinstance(fault, Redis):
                fault.kill()
    for server, _ in runs:
        report(server)
    if any(server.findings for server, _ in runs):
        sys.exit(1)


asyncio.run(main())
