"""Files that change, break, vanish or turn into something else while the webhook reads them; disks that take nothing more."""

import os
import resource
import signal
import socket
import subprocess
import time

import hardness
from hardness import Tally, pick, webhook

# The mode, which every policy needs, comes last: no beginning of this text is a policy.
TORN = """\
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {{name: default, namespace: {ns}}}
spec:
  gpus: [NVIDIA-H100-80GB-HBM3]
  slices: {{offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb]}}
  actions: {{Oversized: {action}}}
  mode: enforce
"""


def torn(ns, action="deny"):
    return TORN.format(ns=ns, action=action)


def put(path, what):
    """Something else in its place, by one rename where that can be."""
    new = path.with_name(".new")
    if what == "folder":
        subprocess.run(["rm", "-rf", str(path)], check=True)
        path.mkdir()
        return
    if what == "pipe":
        os.mkfifo(new)
    elif what == "dangling link":
        new.symlink_to("nowhere")
    elif what == "link to itself":
        new.symlink_to(new.name)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(new))
    else:
        new.write_bytes(what)
    if path.is_dir():
        path.rmdir()
    os.replace(new, path)
    if what == "link to itself":
        path.unlink()
        path.symlink_to(path.name)


SPECIAL = ["pipe", "dangling link", "link to itself", "socket"]


class Swaps(hardness.Attack):
    def broken(self, text):
        """A way in which a file is broken, and what to put in its place."""
        data = text.encode()
        return self.random.choice([*SPECIAL, b"", b"\n", data[: self.random.randrange(1, len(data) - 10)], b"\xff" * 50, b"\0" * 4096,
                                   data.replace(b"mode", b"mood"), data.replace(b": ", b":", 3), b"{" * 10_000, data + b"---\n" + data])

    def test_policies_swapped_truncated_and_unreadable(self):
        root = self.folder() / "policies"
        root.mkdir()
        (root / "a.yaml").write_text(webhook.policy())
        for ns in "bc":
            (root / f"{ns}.yaml").write_text(torn(f"team-{ns}"))
        server = self.serve(policies=root)
        load = hardness.Load(server, pause=0.01)
        rounds = pick(30, 1000)
        tally = Tally(f"policy files swapped or broken {rounds} times", sent=rounds)
        kept = server.connect()

        def allowed(ns):
            answer = server.post("/validate", webhook.review(webhook.deployment(f"team-{ns}")), kept)
            self.assertEqual(answer.status, 200)
            return answer.response["allowed"]

        for number in range(rounds):
            action = ("warn", "deny")[number % 2]
            way = self.broken(torn("team-c"))
            put(root / "c.yaml", way)
            if self.random.random() < 0.5:
                put(root / "b.yaml", torn("team-b", action).encode())
            else:  # written in place
                (root / "b.yaml").write_text(torn("team-b", action))
            server.process.send_signal(signal.SIGHUP)
            self.assertFalse(allowed("c"), f"{way!r} undid the last good policy")
            webhook.wait_until(self, lambda: allowed("b") == (action == "warn"), f"the good change beside {way!r} is taken")
            self.assertFalse(allowed("c"), f"{way!r} undid the last good policy")
            if number % 10 == 9:
                put(root / "c.yaml", torn("team-c").encode())
            tally.answered += 1
        put(root / "c.yaml", torn("team-c").encode())
        server.process.send_signal(signal.SIGHUP)
        webhook.wait_until(self, lambda: server.ready()["policies"]["badFiles"] == [], "all is well again")
        kept.close()
        self.conclude(tally, load)

    def test_certificates_swapped_truncated_and_unreadable(self):
        root = self.folder()
        pairs = [webhook.make_certificates(root / name) for name in ("one", "two")]
        mounted = root / "mounted"
        mounted.mkdir()
        (mounted / "ca.crt").write_text("".join((pair / "ca.crt").read_text() for pair in pairs))
        served = {}

        def publish(pair):
            for name in ("tls.crt", "tls.key"):
                put(mounted / name, (pair / name).read_bytes())

        def serial():
            with server.raw() as sock:
                return sock.getpeercert()["serialNumber"]

        publish(pairs[0])
        server = self.serve(certificates=mounted)
        served[0] = serial()
        load = hardness.Load(server, pause=0.01)
        rounds = pick(12, 1000)
        tally = Tally(f"certificate files swapped or broken {rounds} times", sent=rounds)
        for number in range(1, rounds + 1):
            last = served[(number - 1) % 2]
            name = self.random.choice(["tls.crt", "tls.key"])
            good = (mounted / name).read_bytes()
            way = self.random.choice([*SPECIAL, "folder", b"", good[: self.random.randrange(1, len(good) - 30)], b"\xff" * 500, b"x" * (2 << 20),
                                      (pairs[number % 2] / name).read_bytes()])
            put(mounted / name, way)
            server.process.send_signal(signal.SIGHUP)
            for _ in range(3):
                self.assertEqual(serial(), last, f"{name}: {way[:60]!r}")
                time.sleep(0.02)
            publish(pairs[number % 2])
            server.process.send_signal(signal.SIGHUP)
            webhook.wait_until(self, lambda: serial() != last, f"the good pair is served after {name}: {way[:60]!r}")
            served.setdefault(number % 2, serial())
            self.assertEqual(serial(), served[number % 2])
            tally.answered += 1
        self.conclude(tally, load)

    def test_a_pipe_in_the_place_of_a_file_is_an_error_and_no_wait(self):
        root = self.folder()
        pipe = root / "pipe.yaml"
        os.mkfifo(pipe)
        good = root / "good.yaml"
        good.write_text(webhook.policy())
        certificates = webhook.make_certificates(root / "certs")
        paths = {"--policies": good, "--cert": certificates / "tls.crt", "--key": certificates / "tls.key", "--surroundings": None,
                 "--client-ca": None}
        for flag in paths:
            arguments = [text for name, path in paths.items() if name != flag and path for text in (name, str(path))]
            with self.subTest(flag):
                done = subprocess.run([webhook.BINARY, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", flag, str(pipe), *arguments],
                                      capture_output=True, text=True, timeout=hardness.PATIENCE)
                self.assertEqual(done.returncode, 2)
                self.assertIn("a pipe, not a file", done.stderr)
                self.assertIn(str(pipe), done.stderr)


class FullDisks(hardness.Attack):
    def run_program(self, *arguments, **how):
        return subprocess.run([webhook.BINARY, *map(str, arguments)], timeout=hardness.PATIENCE, stderr=subprocess.PIPE, **how)

    def manifest(self, root):
        path = root / "m.yaml"
        path.write_text(webhook.json.dumps(webhook.deployment()))
        return path

    def test_results_that_cannot_be_written_are_an_error(self):
        root = self.folder()
        manifest = self.manifest(root)
        (root / "p.yaml").write_text(webhook.policy())
        before = manifest.read_bytes()
        check = ["check", "--policies", root / "p.yaml", manifest]
        for arguments in [check, [*check, "--fix"], [*check, "-o", "json"], [*check, "-o", "sarif"], [*check, "-o", "junit"], ["gpus"],
                          ["size", "--model", "Qwen/Qwen2.5-7B-Instruct"], ["--help"], ["--version"], ["check", "--help"],
                          ["certs", "--out", root / "certs"]]:
            with self.subTest(arguments), open("/dev/full", "wb") as full:
                done = self.run_program(*arguments, stdout=full)
                self.assertEqual(done.returncode, 2)
                self.assertIn(b"No space left on device", done.stderr)
        self.assertEqual(manifest.read_bytes(), before)

    def test_certificates_are_written_whole_or_not_at_all(self):
        root = self.folder()
        folder = webhook.make_certificates(root / "certs")
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        for most in (0, 100, 500):
            for ignored in (True, False):
                def limit():
                    signal.signal(signal.SIGXFSZ, signal.SIG_IGN if ignored else signal.SIG_DFL)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

                with self.subTest(most=most, ignored=ignored):
                    done = self.run_program("certs", "--out", folder, "--client", "--force", preexec_fn=limit, restore_signals=False, stdout=subprocess.DEVNULL)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertEqual({path.name for path in folder.iterdir()}, set(before), "something was left behind")
                    whole = {name: (folder / name).read_bytes() for name in before}
                    self.assertEqual(whole["tls.key"], before["tls.key"])
                    self.assertTrue(all(text.endswith(b"-----\n") for text in whole.values()))

    @webhook.unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small disk")
    def test_a_full_and_a_read_only_disk(self):
        disk = self.folder() / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        folder = webhook.make_certificates(disk / "certs")
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        with open(disk / "ballast", "wb") as ballast:
            try:
                while True:
                    os.write(ballast.fileno(), b"x" * 512)
            except OSError:
                pass
        for how in ("full", "read-only"):
            with self.subTest(how):
                if how == "read-only":
                    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
                done = self.run_program("certs", "--out", folder, "--client", "--force", stdout=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 2)
                self.assertIn({"full": b"No space left", "read-only": b"Read-only file system"}[how], done.stderr)
                self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, before)

    def log_to(self, descriptor, name):
        root = self.folder()
        (root / "p").mkdir()
        (root / "p" / "a.yaml").write_text(webhook.policy())
        server = self.serve(policies=root / "p", arguments=["--log-level", "debug"], preexec_fn=lambda: os.dup2(descriptor, 2))
        load = hardness.Load(server, clients=3, pause=0)
        wanted = pick(1500, 50_000)
        webhook.wait_until(self, lambda: load.answered > wanted or load.failed, f"{wanted} answers") if not hardness.LONG else None
        while hardness.LONG and load.answered < wanted and not load.failed:
            time.sleep(0.1)
        tally = Tally(f"log to {name}", sent=load.answered, answered=load.answered)
        self.conclude(tally, load)
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, hardness.PATIENCE)

    def test_a_log_that_nobody_reads(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        self.log_to(write, "a pipe that nobody reads")

    def test_a_log_on_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.log_to(full.fileno(), "a full disk")

    def test_a_log_whose_reader_is_gone(self):
        read, write = os.pipe()
        os.close(read)
        self.addCleanup(os.close, write)
        self.log_to(write, "a pipe without a reader")


if __name__ == "__main__":
    hardness.webhook.unittest.main()
