"""A server under test: its process, its policy, what it uses, and what it acknowledged."""

import asyncio
import collections
import os
import signal
import statistics
import subprocess
import time

from .exchange import Client

OPERATOR = "operator-token-0123456789"
PARTNER = "token-of-a-0123456789"
# The page cache is small, so that it is full within the first tenth: what still grows after that is a leak.
POLICY = """
[publisher]
domain = "publisher.example"
origin_url = "http://127.0.0.1:{origin}"
[ec]
passphrase = "a passphrase for the soak"
admin_token = "{operator}"
[ec.local]
cache_mib = 4
[ec.tombstone]
ttl = "{ttl}"
[ec.sync]
rate_limit = 1000000
[[ec.partners]]
source_domain = "a.com"
api_token = "{partner}"
"""


# What is remembered of one user: the last so many requests.
REMEMBERED = 16
# Users that the store of a file begins with: more than it keeps in memory.
EARLIER_USERS = 200_000


class User:
    """What was acknowledged of one user, and the last requests that were about them."""

    def __init__(self):
        self.state = "live"
        self.synced = False
        self.requests = collections.deque(maxlen=REMEMBERED)

    def remember(self, began, what):
        """A request that began then and ended now."""
        self.requests.append((began, time.time(), what))

    def history(self):
        return "".join(f"\n    {began:.3f} to {ended:.3f}: {what}" for began, ended, what in self.requests)


class Server:
    def __init__(self, ec, folder, name, store, origin):
        self.ec, self.name, self.store, self.origin = ec, name, store, origin
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.users, self.live = {}, []
        self.ended = False
        self.samples, self.counts, self.findings = [], {}, []

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def write_policy(self, ttl):
        policy = POLICY.format(origin=self.origin, operator=OPERATOR, partner=PARTNER, ttl=ttl)
        path = os.path.join(self.folder, "trusted-server.toml")
        with open(path + ".new", "w") as file:
            file.write(policy)
        os.replace(path + ".new", path)

    def start(self):
        self.write_policy("24h")
        command = [self.ec, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--geo", "US-CA"]
        environment = {**os.environ, "EC_LOG": "warn"}
        environment.pop("EC_PROFILE", None)
        self.process = subprocess.Popen(
            [*command, "--store", self.store],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        lines = [self.process.stdout.readline().decode() for _ in range(2)]
        self.port, self.metrics = (int(line.split("://127.0.0.1:")[1].split("/")[0].split()[0]) for line in lines)

    def fill(self):
        """Gives the store its earlier users."""
        self.write_policy("24h")
        now = int(time.time())
        ids = (f"{number:064x}.Earli3" for number in range(EARLIER_USERS))
        events = "".join(f'{{"op":"create","at":{now},"ec_id":"{user}","geo":{{"country":"US"}}}}\n' for user in ids)
        command = [self.ec, "apply", "--store", self.store]
        subprocess.run(command, cwd=self.folder, input=events.encode(), stdout=subprocess.DEVNULL, check=True)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def is_running(self):
        return self.process.poll() is None

    def sample(self):
        """Memory in MiB, handles and threads of this moment. Memory is what the process took for itself: pages of its own
        program that are mapped from the file do not count."""
        base = f"/proc/{self.process.pid}"
        status = dict(line.split(":", 1) for line in open(f"{base}/status") if ":" in line)
        memory = int(status["RssAnon"].split()[0]) / 1024
        self.samples.append((memory, len(os.listdir(f"{base}/fd")), int(status["Threads"])))

    def tenths(self):
        """The medians of each tenth of the time."""
        part = max(1, len(self.samples) // 10)
        tenths = [self.samples[at : at + part] for at in range(0, 10 * part, part)]
        return [[statistics.median(column) for column in zip(*tenth)] for tenth in tenths if tenth]

    async def status(self):
        """What health answers, or 0 where it does not."""
        client = Client(self.port)
        try:
            return (await client.request("GET", "/_ts/health"))[0]
        except OSError:
            return 0
        finally:
            client.close()

    async def undelivered(self):
        client = Client(self.metrics)
        try:
            text = (await client.request("GET", "/metrics"))[2].decode()
        except OSError:
            return -1
        finally:
            client.close()
        lines = [line.split() for line in text.splitlines() if line.startswith("ec_outbox_withdrawals ")]
        return int(lines[0][1]) if lines else 0

    async def until(self, what, holds, seconds):
        """Waits; what does not come is a finding."""
        for _ in range(seconds * 10):
            if await holds():
                return True
            await asyncio.sleep(0.1)
        self.findings.append(f"{what} did not come within {seconds} s")
        return False

    async def drained(self):
        async def is_drained():
            return await self.status() == 200 and await self.undelivered() == 0

        return await self.until("a healthy server with an empty outbox", is_drained, 120)
