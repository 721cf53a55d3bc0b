"""What `serve` needs of the machine that it runs on: the calls of deploy/seccomp/rightslice.json, and no more privilege than that."""

import json
import os
import re
import signal
import unittest

import confinement
import webhook
from api_server import ApiServer

TRACE = confinement.missing(*confinement.Trace.WRAPPER, "-o", "/dev/null", "true")
SANDBOX = confinement.missing(*confinement.sandbox(), "true")
# What writes to a file system, beside opening a file for it.
WRITES = {"mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "truncate", "ftruncate", "chmod", "fchmod", "fchmodat",
          "chown", "fchown", "fchownat", "lchown", "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "utimensat", "setxattr", "creat"}
STARTS = {"fork", "vfork", "execveat"}


class Confined(webhook.TestCase):
    def setUp(self):
        self.root = webhook.pathlib.Path(webhook.tempfile.mkdtemp())
        self.root.chmod(0o755)
        self.addCleanup(webhook.shutil.rmtree, self.root, ignore_errors=True)
        first, second = webhook.make_certificates(self.root / "first"), webhook.make_certificates(self.root / "second")
        self.authorities = (first / "ca.crt").read_text() + (second / "ca.crt").read_text()
        self.pairs = [{name: (folder / name).read_text() for name in ("tls.crt", "tls.key")} | {"ca.crt": self.authorities} for folder in (first, second)]
        self.certificates = webhook.Folder(self.root / "certificates")
        self.certificates.publish(self.pairs[0])
        self.policies = webhook.Folder(self.root / "policies")
        self.policies.publish({"a.yaml": webhook.policy()})

    def start(self, **how):
        return webhook.Server(self, policies=self.policies.path, certificates=self.certificates.path, **how)

    def live(self, server, pid=None):
        """All that happens to a webhook in its life: reviews small and large, other policies, broken ones, another certificate, signals."""
        pid = pid or server.process.pid
        load = webhook.Load(server, clients=2)
        webhook.wait_until(self, lambda: load.done > 20, "load")
        reloads = server.metric("rightslice_policy_reload_total")
        self.policies.publish({"a.yaml": "{"})
        os.kill(pid, signal.SIGHUP)
        webhook.wait_until(self, lambda: server.metric("rightslice_policy_files_bad") == 1, "the broken policy is seen")
        self.policies.publish({"a.yaml": webhook.policy(oversized="warn")})
        webhook.wait_until(self, lambda: server.metric("rightslice_policy_reload_total") > reloads + 1, "the policies are read again")
        self.certificates.publish(self.pairs[1])
        os.kill(pid, signal.SIGHUP)
        webhook.wait_until(self, lambda: '"certificate loaded"' in server.log(), "the certificate is read again")
        large = webhook.deployment()
        large["metadata"]["annotations"] = {"filler": "x" * (3 << 20)}
        self.assertEqual(server.post("/validate", webhook.review(large)).status, 200)
        self.assertEqual(server.post("/mutate", "no JSON").status, 400)
        self.assertEqual(server.ops("/livez").status, 200)
        self.assertEqual(server.ops("/readyz").status, 200)
        done = load.done
        webhook.wait_until(self, lambda: load.done > done + 20, "load goes on")
        os.kill(pid, signal.SIGTERM)
        webhook.wait_until(self, lambda: '"stopping"' in server.log(), "stopping")
        load.stop()
        self.assertEqual(server.process.wait(webhook.PATIENCE), 0)
        self.assertEqual([each for each in load.failures if "refused" not in each], [])

    @unittest.skipIf(TRACE, TRACE)
    def test_with_policies_in_files_it_writes_no_file_starts_no_program_and_connects_to_nobody(self):
        trace = confinement.Trace(self.root)
        self.live(self.start(wrapper=trace.wrapper()))
        calls = trace.calls()
        made = {name for name, _ in calls}
        self.assertLess({"execve", "openat"}, made)
        self.assertEqual(made & (WRITES | STARTS), set())
        self.assertEqual([rest for name, rest in calls if name == "execve"][1:], [], "it starts no program")
        opened = [rest for name, rest in calls if name in ("open", "openat") and re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", rest)]
        self.assertEqual(opened, [])
        self.assertNotIn("connect", made)

    @unittest.skipIf(TRACE, TRACE)
    def test_with_a_cluster_it_connects_to_the_api_server_and_nowhere_else(self):
        api = ApiServer(self)
        trace = confinement.Trace(self.root)
        server = self.start(wrapper=trace.wrapper(), arguments=["--kubeconfig", str(api.kubeconfig(self.root / "kubeconfig"))])
        webhook.wait_until(self, lambda: server.ready()["ready"], "the cluster is read")
        server.post("/validate", webhook.review())
        webhook.wait_until(self, lambda: any(body.get("kind") == "Event" for body in api.written), "an event")
        self.assertEqual(server.stop(), 0)
        calls = trace.calls()
        connects = [rest for name, rest in calls if name == "connect"]
        to = {(family, port) for rest in connects for family, port in re.findall(r"sa_family=(AF_\w+), sin6?_port=htons\((\d+)\)", rest)}
        # Port 0 is getaddrinfo asking the kernel for its own address: nothing is sent. AF_UNIX is nscd, which answers for name services where it runs.
        self.assertEqual({each for each in to if each[1] != "0"} - {("AF_INET", str(api.port)), ("AF_INET6", str(api.port))}, set(), connects)
        self.assertIn(("AF_INET", str(api.port)), to)
        local = {rest for rest in connects if "AF_UNIX" in rest and "/var/run/nscd/socket" not in rest}
        self.assertEqual(local, set())
        self.assertEqual([rest for name, rest in calls if name == "execve"][1:], [])

    def test_under_the_profile_it_lives_and_any_other_call_would_kill_it(self):
        self.live(self.start(wrapper=confinement.under("strict")))

    def test_under_the_profile_as_it_is_it_follows_a_cluster(self):
        api = ApiServer(self)
        server = self.start(wrapper=confinement.under("profile"), arguments=["--kubeconfig", str(api.kubeconfig(self.root / "kubeconfig"))])
        webhook.wait_until(self, lambda: server.ready()["ready"], "the cluster is read")
        server.post("/validate", webhook.review())
        webhook.wait_until(self, lambda: any(body.get("kind") == "Event" for body in api.written), "an event")
        self.assertEqual(server.stop(), 0)

    def test_a_call_that_the_profile_lacks_is_noticed(self):
        # The call that answers: one that is made before anybody asks, as the first accept is, would end it before it has said where it listens.
        server = self.start(wrapper=confinement.under("sendto,sendmsg"))
        with self.assertRaises(OSError):
            server.post("/validate", webhook.review())
        self.assertEqual(server.process.wait(webhook.PATIENCE), -signal.SIGSYS)

    @unittest.skipIf(SANDBOX, SANDBOX)
    def test_any_user_without_a_home_or_a_capability_on_a_read_only_root(self):
        for key in self.root.rglob("tls.key"):
            key.chmod(0o644)  # as fsGroup makes the files of a Secret readable
        reading, writing = os.pipe()
        with confinement.Filter().file() as program:
            wrapper = confinement.sandbox(["--seccomp", str(program.fileno()), "--info-fd", str(writing)])
            server = self.start(wrapper=wrapper, pass_fds=(program.fileno(), writing))
        os.close(writing)
        with open(reading, encoding="utf-8") as told:
            pid = json.load(told)["child-pid"]
        status = dict(line.split(":\t", 1) for line in webhook.pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        for kind in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 0, kind)
        if os.geteuid() == 0:
            self.assertEqual(status["Uid"].split(), [str(confinement.OTHER_USER)] * 4)
        environment = webhook.pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        self.assertEqual([each for each in environment if each.startswith(b"HOME=")], [])
        roots = [line.split() for line in webhook.pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
        self.assertIn("ro", next(fields[5] for fields in reversed(roots) if fields[4] == "/").split(","))
        self.live(server, pid)


if __name__ == "__main__":
    unittest.main()
