"""What the attacks share: a server that is watched, a load whose every verdict is known, and the count of what came of it."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import random
import resource
import socket
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

import webhook  # noqa: E402  (of the integration tests)

LONG = os.environ.get("RIGHTSLICE_HARDNESS") == "long"
SEED = int(os.environ.get("RIGHTSLICE_SEED") or random.randrange(1 << 32))
SANITIZED = bool(os.environ.get("RIGHTSLICE_SANITIZE"))
PATIENCE = webhook.PATIENCE
PRELOADED = {"ASAN_OPTIONS": "verify_asan_link_order=0"}  # where another library is preloaded, AddressSanitizer need not be the first
MOST_GROWTH_MIB = 48  # of resident memory by an attack: thread arenas and caches fill, a leak of every request would be more


def pick(lean, long):
    """How much of it: the lean number for every build, the long one for tests/hardness/run --long."""
    return long if LONG else lean


# Every question with the answer that is right for webhook.policy(): what fits, what is too large, what nobody can start.
QUESTIONS = [
    (webhook.deployment(footprint="6Gi", slice_name="3g.40gb"), False, "deny"),
    (webhook.deployment(footprint="6Gi", slice_name="1g.10gb"), True, "allow"),
    (webhook.deployment(footprint="30Gi", slice_name="1g.10gb"), False, "deny"),
    (webhook.deployment(footprint="16Gi", slice_name="2g.20gb"), True, "allow"),
    (webhook.deployment(namespace="nobody", footprint="6Gi", slice_name="3g.40gb"), True, "allow"),
]


def question(number):
    thing, allowed, decision = QUESTIONS[number % len(QUESTIONS)]
    return json.dumps(webhook.review(thing, uid=f"q-{number}")).encode(), allowed, decision


def wrong(answer, number):
    """What of an answer (parsed) to question(number) is not as it must be; empty if nothing."""
    _, allowed, decision = question(number)
    response = answer["response"]
    found = (response["uid"], response["allowed"], response["auditAnnotations"]["decision"])
    return "" if found == (f"q-{number}", allowed, decision) else f"{found}, not {(allowed, decision)} of q-{number}"


def head(length, path="/validate", extra=""):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{extra}\r\n".encode()


def request(number, extra=""):
    body = question(number)[0]
    return head(len(body), extra=extra) + body


@dataclasses.dataclass
class Tally:
    """sent: requests or connections of the attack; answered: as an ordinary request; refused: by an error or a closed connection."""

    attack: str
    sent: int = 0
    answered: int = 0
    refused: int = 0
    wrong: int = 0
    failed: int = 0
    crashes: int = 0
    load: int = 0
    fds: str = ""
    rss: str = ""


class Load:
    """Clients with known questions on kept connections. Every answer is compared; a failed request is one that has no answer."""

    def __init__(self, server, clients=2, pause=0.02, forgiving=False, context=None):
        self.server, self.pause, self.context = server, pause, context or server.tls()
        self.forgiving = forgiving  # as Go's transport: a kept connection that was closed before a byte of answer is tried anew, once
        self.halt, self.lock = threading.Event(), threading.Lock()
        self.sent = self.answered = self.retried = 0
        self.wrong, self.failed = [], []
        self.threads = [threading.Thread(target=self.run, args=(n, clients), daemon=True) for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.server.port, context=self.context, timeout=PATIENCE)

    def run(self, number, step):
        connection, fresh = None, True
        while not self.halt.is_set():
            text = question(number)[0]
            with self.lock:
                self.sent += 1
            for attempt in (1, 2):
                try:
                    if connection is None:
                        connection, fresh = self.connect(), True
                    connection.request("POST", "/validate?timeout=10s", text, {"Content-Type": "application/json"})
                    answer = webhook.read(connection)
                    fault = wrong(answer.json(), number) if answer.status == 200 else f"{answer.status} {answer.body}"
                    with self.lock:
                        self.answered += 1
                        self.wrong += [fault] if fault else []
                    fresh = False
                    if answer.headers.get("connection") == "close":
                        connection.close()
                        connection = None
                    break
                except (OSError, http.client.HTTPException) as error:
                    connection.close()
                    connection = None
                    kept = not fresh and isinstance(error, (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError))
                    if attempt == 1 and kept and self.forgiving:
                        with self.lock:
                            self.retried += 1
                        continue
                    with self.lock:
                        self.failed.append(repr(error))
                    break
            number += step
            self.halt.wait(self.pause)
        if connection is not None:
            connection.close()

    def stop(self):
        self.halt.set()
        for thread in self.threads:
            thread.join(2 * PATIENCE)


class Attack(webhook.TestCase):
    """A test that attacks one server, counts, and looks for what was left behind."""

    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED} (RIGHTSLICE_SEED repeats it)", flush=True)

    def setUp(self):
        self.random = random.Random(f"{SEED} {self.id()}")

    def folder(self):
        root = pathlib.Path(tempfile.mkdtemp(prefix="rightslice-hard-"))
        self.addCleanup(webhook.shutil.rmtree, root, ignore_errors=True)
        return root

    def serve(self, **how):
        self.server = webhook.Server(self, **how)
        for number in range(10):  # what is allocated once
            self.ask(number)
        self.before = (self.settled_fds(), self.rss())
        return self.server

    def ask(self, number, connection=None):
        answer = self.server.post("/validate", question(number)[0], connection)
        self.assertEqual((answer.status, wrong(answer.json(), number)), (200, ""))

    def fds(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def settled_fds(self):
        """Descriptors without the connections that linger for some seconds after an answer: one too many here would hide a leak."""
        webhook.wait_until(self, lambda: self.server.metric("rightslice_connections") == 0, "no connection lingers")
        fewest, since = self.fds(), time.monotonic()
        while time.monotonic() < since + 1:  # the operator's port, which was just asked, lets go of its connection too
            if (now := self.fds()) < fewest:
                fewest, since = now, time.monotonic()
            time.sleep(0.02)
        return fewest

    def open_sockets(self):
        """What the descriptors are, for a message."""
        root = f"/proc/{self.server.process.pid}/fd"
        return sorted(os.readlink(f"{root}/{name}") for name in os.listdir(root))

    def rss(self):
        for line in open(f"/proc/{self.server.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu(self):
        """Seconds of processor time so far."""
        fields = open(f"/proc/{self.server.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def conclude(self, tally, load=None, growth=MOST_GROWTH_MIB):
        """The server is as it was: alive, right, no descriptor more, and not much larger."""
        if load is not None:
            load.stop()
            tally.load, tally.wrong, tally.failed = load.answered, tally.wrong + len(load.wrong), tally.failed + len(load.failed)
        tally.crashes += self.server.process.poll() is not None
        print(json.dumps(dataclasses.asdict(tally)), flush=True)
        self.assertIsNone(self.server.process.poll(), "it is still there: " + self.server.log()[-2000:])
        for number in range(len(QUESTIONS)):
            self.ask(number)
        fds, rss = self.before
        # A connection that was answered lingers for some seconds, until its peer has taken the last byte.
        try:
            webhook.wait_until(self, lambda: self.fds() <= fds, f"descriptors go back to {fds}")
        except AssertionError as error:
            raise AssertionError(f"{error}, there are {self.fds()}: {self.open_sockets()}") from None
        if not SANITIZED:  # its quarantine keeps what was freed
            # What a crowd leaves is given back at the next poll, of files within seconds.
            webhook.wait_until(self, lambda: self.rss() - rss < growth, f"{tally} gives memory back, all but {growth:.0f} MiB")
        tally.fds, tally.rss = f"{fds} -> {self.fds()}", f"{rss:.0f} -> {self.rss():.0f}"
        if load is not None:
            self.assertEqual((load.wrong[:3], load.failed[:3]), ([], []))
            self.assertEqual(load.sent, load.answered)
        self.assertEqual((tally.wrong, tally.failed, tally.crashes), (0, 0, 0), tally)
        if path := os.environ.get("RIGHTSLICE_HARDNESS_TABLE"):
            with open(path, "a") as table:
                table.write(json.dumps(dataclasses.asdict(tally)) + "\n")

    def plain(self):
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE)

    def tls(self, context=None):
        return (context or self.server.tls()).wrap_socket(self.plain(), server_hostname="127.0.0.1")

    def exchange(self, data, context=None):
        """Sends all of it on one connection; every answer until the server closes or has nothing to say, and whether it closed."""
        answers = []
        with self.tls(context) as sock, sock.makefile("rb") as stream:
            with contextlib.suppress(OSError):
                sock.sendall(data)
            sock.settimeout(1.5)
            try:
                while (answer := webhook.read_raw(stream)) is not None:
                    answers.append(answer)
                closed = True
            except TimeoutError:
                closed = False
            except (ssl.SSLError, ConnectionError):
                closed = True
        return answers, closed


@contextlib.contextmanager
def many_descriptors(count):
    """The soft limit for `count` sockets of ours, or as many as the hard limit permits; gives how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 200)), hard))
    try:
        yield min(count, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


