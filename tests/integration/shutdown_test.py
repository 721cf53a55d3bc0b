"""SIGTERM: nobody's request fails."""

import signal

import webhook
from api_server import ApiServer


class Shutdown(webhook.TestCase):
    def test_sigterm_under_load_fails_no_request(self):
        server = webhook.Server(self, arguments=["--shutdown-delay", "2s"])
        idle = [server.connect() for _ in range(5)]
        for connection in idle:
            server.post("/validate", webhook.review(), connection)
        load = webhook.Load(server)
        webhook.wait_until(self, lambda: load.done > 100, "load")
        server.process.send_signal(signal.SIGTERM)
        webhook.wait_until(self, lambda: server.ops("/readyz").status == 503, "unready at once")
        self.assertEqual(server.ready()["reasons"], ["shutting down"])
        self.assertEqual(server.metric("rightslice_ready"), 0)
        at_signal = load.done
        # New connections are still served, and every answer says that the connection ends.
        webhook.wait_until(self, lambda: load.done > at_signal + 20 and load.closes > 10, "answers with Connection: close")
        load.stop()  # as kube-apiserver does once the endpoint is gone
        self.assertEqual(server.process.wait(webhook.PATIENCE), 0)
        self.assertEqual(load.failures, [])
        webhook.wait_until(self, lambda: '"connectionsCut":0' in server.log(), "nothing was cut off")

    def test_a_request_in_progress_is_answered_while_draining(self):
        server = webhook.Server(self)
        body = webhook.json.dumps(webhook.review(uid="last")).encode()
        with server.raw() as sock, sock.makefile("rb") as stream:
            sock.sendall(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
            server.process.send_signal(signal.SIGTERM)
            webhook.wait_until(self, lambda: '"stopping"' in server.log(), "stopping")
            sock.sendall(body)
            answer = webhook.read_raw(stream)
            self.assertEqual(answer.response["uid"], "last")
            self.assertEqual(answer.headers["connection"], "close")
        self.assertEqual(server.process.wait(webhook.PATIENCE), 0)

    def test_idle_connections_do_not_hold_it_up(self):
        server = webhook.Server(self)
        idle = server.connect()
        server.post("/validate", webhook.review(), idle)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(idle.sock.recv(1), b"")

    def test_an_api_server_that_answers_no_write_does_not_hold_it_up(self):
        api = ApiServer(self)
        api.lists["slicepolicies"] = [{"apiVersion": "rightslice.io/v1alpha1", "kind": "SlicePolicy", "spec": {"mode": "enforce"},
                                       "metadata": {"name": "p", "namespace": "team-b", "uid": "u", "resourceVersion": "1", "generation": 1}}]
        api.stuck = lambda method, path: path.partition("?")[0].endswith("/status")
        server = webhook.Server(self)
        kubeconfig = api.kubeconfig(server.root / "kubeconfig")
        server = webhook.Server(self, arguments=["--kubeconfig", str(kubeconfig)])
        webhook.wait_until(self, lambda: any(path.partition("?")[0].endswith("/status") for _, path in api.seen), "a status is written")
        self.assertEqual(server.stop(), 0)   # within PATIENCE, which is half of what the client waits for an answer where it has no limit of its own

    def test_a_secret_that_cannot_be_written_does_not_hold_it_up(self):
        api = ApiServer(self)
        api.stuck = lambda method, path: method == "POST" and path.endswith("/secrets")
        folder = webhook.pathlib.Path(webhook.tempfile.mkdtemp())
        self.addCleanup(webhook.shutil.rmtree, folder, ignore_errors=True)
        (folder / "policy.yaml").write_text(webhook.policy())
        process = webhook.subprocess.Popen(
            [webhook.BINARY, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--policies", folder / "policy.yaml", "--shutdown-delay", "0s",
             "--kubeconfig", api.kubeconfig(folder / "kubeconfig"), "--cert-secret", "rightslice/tls", "--service", "rightslice/rightslice",
             "--webhook-configuration", "rightslice"], stdout=webhook.subprocess.DEVNULL, stderr=webhook.subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        webhook.wait_until(self, lambda: ("POST", "/api/v1/namespaces/rightslice/secrets") in api.seen, "a Secret is written")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(webhook.PATIENCE), 0)
        self.assertEqual([body["spec"]["holderIdentity"] for body in api.written if body.get("kind") == "Lease"][-1], "", "given back")

    def test_sigint_ends_it_too_and_a_second_signal_cuts_the_delay_short(self):
        server = webhook.Server(self, arguments=["--shutdown-delay", "1h"])
        server.process.send_signal(signal.SIGINT)
        webhook.wait_until(self, lambda: '"stopping"' in server.log(), "stopping")
        self.assertEqual(server.stop(), 0)
