"""The origin and the visitors of scripts/frontend.sh: python3 frontend.py ORIGIN_PORT SERVER CACHE=PORT..."""

import collections
import concurrent.futures
import http.client
import http.server
import json
import sys
import threading

VISITORS = 50
PATIENCE = 60
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PUBLIC = "public, max-age=3600"

hits = collections.Counter()
counting = threading.Lock()


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with counting:
            hits[self.path] += 1
        body = f"{self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Cache-Control", PUBLIC)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Queue(http.server.ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


def get(address, path, **headers):
    """Status, headers and body of an answer."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers={"Host": "publisher.example", **named})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


class Visitor:
    """A browser with a cookie jar of its own."""

    def __init__(self):
        self.id = None

    def view(self, address, path, **headers):
        if self.id:
            headers["Cookie"] = f"ts-ec={self.id}"
        view = {"Accept": "text/html", "User_Agent": BROWSER, "Sec_Fetch_Dest": "document"}
        status, answer, body = get(address, path, **{**view, **headers})
        check(status == 200 and body == f"{path}\n".encode(), f"{path}: {status} {body}")
        cookies = [cookie for cookie in answer.get_all("Set-Cookie", []) if cookie.startswith("ts-ec=")]
        for cookie in cookies:
            self.id = cookie[len("ts-ec="):].split(";")[0] or None
        return answer, cookies


def check(holds, otherwise):
    if not holds:
        raise AssertionError(otherwise)


def at_once(work):
    """What every visitor gets, all of them at once."""
    with concurrent.futures.ThreadPoolExecutor(VISITORS) as pool:
        return list(pool.map(work, range(VISITORS)))


def try_cache(name, cache, server):
    def state(visitor_id):
        answer = get(server, f"/_ts/admin/v1/ec/{visitor_id}", Authorization="Bearer operator")
        return json.loads(answer[2]).get("state", "absent")

    # A page that is not in the cache: once one by one, and once all at once, as a cache may let requests wait for
    # another's answer.
    crowd = [Visitor() for _ in range(VISITORS)]
    one_by_one = [Visitor().view(cache, f"/{name}/quiet") for _ in range(VISITORS)]
    together = at_once(lambda number: crowd[number].view(cache, f"/{name}/page"))
    for given in one_by_one, together:
        ids = {cookie.split(";")[0] for _, cookies in given for cookie in cookies}
        check(len(ids) == VISITORS, f"{len(ids)} ids for {VISITORS} visitors")
        check(all(len(cookies) == 1 for _, cookies in given), "an answer sets one cookie")
        kept = {answer["Cache-Control"] for answer, _ in given}
        check(kept == {"private, no-store"}, f"our cookie came with {kept}")
        check(all(answer["X-Request-Id"] for answer, _ in given), "an answer without its request's id")
    ids = [visitor.id for visitor in crowd]
    check(all(state(visitor_id) == "live" for visitor_id in ids), "everyone is live")

    # One withdraws, on another page that is not in the cache. What takes their cookie away takes no one else's.
    gone, *others = crowd
    _, expired = gone.view(cache, f"/{name}/privacy", Sec_GPC="1")
    check(expired and gone.id is None, "the one who withdraws loses the cookie")
    for visitor in others:
        _, cookies = visitor.view(cache, f"/{name}/privacy")
        check(not cookies, f"another visitor gets {cookies}")
    states = [state(visitor_id) for visitor_id in ids]
    check(states == ["tombstone"] + ["live"] * (VISITORS - 1), f"{collections.Counter(states)}")

    # What sets no cookie of ours is the cache's, as the origin said.
    path = f"/{name}/style.css"
    style = {"Accept": "text/css,*/*;q=0.1", "User_Agent": BROWSER, "Sec_Fetch_Dest": "style"}
    first = get(cache, path, **style)
    rest = at_once(lambda _: get(cache, path, **style))
    check(hits[path] == 1, f"the origin was asked {hits[path]} times for what a cache may keep")
    for status, answer, body in [first, *rest]:
        check((status, body) == (200, f"{path}\n".encode()), f"{status} {body}")
        check(answer["Set-Cookie"] is None, f"{answer['Set-Cookie']}")
        check(answer["Cache-Control"] == PUBLIC, answer["Cache-Control"])

    # The service's own answers are never the cache's.
    for path in "/_ts/health", "/_ts/unknown":
        ids = {get(cache, path)[1]["X-Request-Id"] for _ in range(3)}
        check(len(ids) == 3 and None not in ids, f"{path} came from the cache")


def main(origin_port, server, *caches):
    origin = Queue(("127.0.0.1", int(origin_port)), Origin)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    failed = False
    for cache in caches:
        name, port = cache.split("=")
        try:
            try_cache(name, f"127.0.0.1:{port}", server)
            print(f"{name}: {VISITORS} visitors, {VISITORS} ids", flush=True)
        except AssertionError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
