"""Faults: reloads, a disk that fills up, a Redis that is killed."""

import asyncio
import itertools
import os
import subprocess

# How long all is well between two faults, and how long one lasts, in seconds.
WELL, FULL, DOWN = 12, 5, 3


async def reloads(server):
    """A reload a second, under another policy each time, and now and then under one that cannot be used."""
    for ttl in itertools.cycle(["24h", "48h", "24h", "48h", "three"]):
        await asyncio.sleep(1)
        server.write_policy(ttl)
        server.reload()
        server.count("reloads")


class Disk:
    """The small disk under a server's store, filled by a file of its own."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "fill")

    def fill(self):
        with open(self.path, "wb", buffering=0) as file:
            for size in (1 << 20, 4_096, 1):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        if os.path.exists(self.path):
            os.remove(self.path)

    async def run(self, server):
        while not server.ended:
            await asyncio.sleep(WELL)

            async def is_red():
                return await server.status() == 503

            async def is_well():
                return await server.status() == 200

            server.count("full disks")
            try:
                await asyncio.to_thread(self.fill)
                await server.until("red health on a full disk", is_red, 30)
                await asyncio.sleep(FULL)
                if await server.status() == 200:
                    server.findings.append("health was green on a full disk")
            finally:
                self.free()
            await server.until("green health after a full disk", is_well, 60)


class Redis:
    """A server that has every acknowledged write on its disk."""

    def __init__(self, folder, port):
        self.folder, self.port = os.path.join(folder, "redis"), port
        os.makedirs(self.folder)
        self.start()

    def start(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", ""]
        durable = ["--appendonly", "yes", "--appendfsync", "always"]
        self.process = subprocess.Popen(["redis-server", *options, *durable], stdout=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    async def run(self, server):
        while not server.ended:
            await asyncio.sleep(WELL)
            self.kill()
            server.count("Redis killed")
            try:
                await asyncio.sleep(DOWN)
            finally:
                self.start()

            async def is_well():
                return await server.status() == 200

            await server.until("green health after a restart of Redis", is_well, 60)
