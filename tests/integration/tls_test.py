"""Versions, client certificates, and certificates that change under load."""

import ssl
import warnings

import webhook


class Tls(webhook.TestCase):
    def version_of(self, server, minimum, maximum):
        context = server.tls()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = minimum
        context.maximum_version = maximum
        with server.raw(context) as sock:
            return sock.version()

    def test_tls_1_3_and_1_2_are_spoken_and_1_1_is_not(self):
        server = webhook.Server(self)
        self.assertEqual(self.version_of(server, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.MAXIMUM_SUPPORTED), "TLSv1.3")
        self.assertEqual(self.version_of(server, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2), "TLSv1.2")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            with self.assertRaisesRegex(ssl.SSLError, "PROTOCOL_VERSION"):  # the server's alert
                self.version_of(server, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)
        self.assertEqual(server.post("/validate", webhook.review()).status, 200)

    def test_http_1_1_is_chosen_of_what_is_offered(self):
        server = webhook.Server(self)
        context = server.tls()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with server.raw(context) as sock:
            self.assertEqual(sock.selected_alpn_protocol(), "http/1.1")

    def test_a_client_without_a_certificate_of_the_client_ca_is_refused(self):
        root = webhook.make_certificates(webhook.pathlib.Path(webhook.tempfile.mkdtemp()) / "certs")
        self.addCleanup(webhook.shutil.rmtree, root.parent, ignore_errors=True)
        server = webhook.Server(self, certificates=root, arguments=["--client-ca", str(root / "ca.crt")])
        good = server.tls()
        good.load_cert_chain(root / "client.crt", root / "client.key")
        for _ in range(2):  # the second time with a resumed session
            self.assertEqual(server.post("/validate", webhook.review(), server.connect(good)).status, 200)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            server.post("/validate", webhook.review())
        other = webhook.make_certificates(root.parent / "other")
        stranger = server.tls()
        stranger.load_cert_chain(other / "client.crt", other / "client.key")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            server.post("/validate", webhook.review(), server.connect(stranger))
        told = lambda: [(line["level"], line["peer"], line["reason"]) for line in server.log_lines() if line["msg"] == "a TLS handshake failed"]
        webhook.wait_until(self, lambda: told() == [("warn", "127.0.0.1", "no-certificate"), ("warn", "127.0.0.1", "bad-certificate")], "both are told")

    def test_failed_handshakes_are_counted_and_told_but_not_those_of_who_says_nothing(self):
        server = webhook.Server(self)
        connect = lambda: webhook.socket.create_connection(("127.0.0.1", server.port), timeout=webhook.PATIENCE)
        for _ in range(20):  # a load balancer that looks whether the port is open
            connect().close()
        untrusting = ssl.create_default_context()  # the CA is not the system's
        with self.assertRaises(ssl.SSLError):
            server.raw(untrusting)
        for _ in range(20):
            with connect() as sock:
                sock.sendall(b"POST /validate HTTP/1.1\r\nHost: x\r\n\r\n")
                while sock.recv(4096):
                    pass
        count = lambda reason: server.metric(f'rightslice_tls_handshake_errors_total{{reason="{reason}"}}')
        webhook.wait_until(self, lambda: (count("alert"), count("plain-http")) == (1, 20), "both are counted")
        self.assertEqual(server.metric("rightslice_tls_handshake_errors_total"), 21)
        told = lambda: [line["reason"] for line in server.log_lines() if line["msg"] == "a TLS handshake failed"]
        webhook.wait_until(self, lambda: told() == ["alert"] + ["plain-http"] * 5, "some are told")

    def test_a_certificate_is_swapped_under_load_without_a_failed_request(self):
        root = webhook.pathlib.Path(webhook.tempfile.mkdtemp())
        self.addCleanup(webhook.shutil.rmtree, root, ignore_errors=True)
        first, second = webhook.make_certificates(root / "first"), webhook.make_certificates(root / "second")
        both = (first / "ca.crt").read_text() + (second / "ca.crt").read_text()
        mounted = webhook.Folder(root / "mounted")
        files = lambda folder: {"tls.crt": (folder / "tls.crt").read_text(), "tls.key": (folder / "tls.key").read_text(), "ca.crt": both}
        mounted.publish(files(first))
        server = webhook.Server(self, certificates=mounted.path)

        def serial():
            with server.raw() as sock:
                return sock.getpeercert()["serialNumber"]

        before = serial()
        load = webhook.Load(server)
        mounted.publish({**files(second), "tls.key": (first / "tls.key").read_text()})  # a pair that does not match
        webhook.wait_until(self, lambda: server.metric('rightslice_certificate_reload_total{result="error"}') == 1, "the bad pair is noticed")
        self.assertEqual(serial(), before)
        mounted.publish(files(second))
        webhook.wait_until(self, lambda: serial() != before, "the new certificate is served")
        at_swap = load.done
        webhook.wait_until(self, lambda: load.done > at_swap + 50, "the load goes on")
        load.stop()
        self.assertEqual(load.failures, [])
        self.assertEqual(server.metric('rightslice_certificate_reload_total{result="success"}'), 1)

    def test_it_does_not_start_with_a_pair_that_does_not_match(self):
        root = webhook.pathlib.Path(webhook.tempfile.mkdtemp())
        self.addCleanup(webhook.shutil.rmtree, root, ignore_errors=True)
        first, second = webhook.make_certificates(root / "first"), webhook.make_certificates(root / "second")
        (first / "tls.key").write_text((second / "tls.key").read_text())
        server = webhook.Server(self, certificates=first, expect_start=False)
        self.assertEqual(server.process.wait(webhook.PATIENCE), 2)
        self.assertIn(f"rightslice: --key {first / 'tls.key'}: the private key does not belong to the certificate", server.log())

    def test_a_certificate_that_has_expired_is_said_in_the_log_and_so_is_its_end(self):
        if webhook.shutil.which("faketime") is None:
            self.skipTest("needs faketime")
        if "thread" in webhook.os.environ.get("RIGHTSLICE_SANITIZE", ""):
            self.skipTest("a program with ThreadSanitizer does not start under faketime")
        root = webhook.pathlib.Path(webhook.tempfile.mkdtemp())
        self.addCleanup(webhook.shutil.rmtree, root, ignore_errors=True)
        webhook.subprocess.run(["faketime", "-f", "-100d", webhook.BINARY, "certs", "--out", str(root / "old"), "--days", "30"], check=True,
                               capture_output=True, timeout=webhook.PATIENCE, env={**webhook.os.environ, "ASAN_OPTIONS": "verify_asan_link_order=0"})
        mounted = webhook.Folder(root / "mounted")
        files = lambda folder: {name: (folder / name).read_text() for name in ("tls.crt", "tls.key")}
        mounted.publish(files(root / "old"))
        server = webhook.Server(self, certificates=mounted.path)
        lines = lambda: [(line["level"], line["msg"], line.get("reasons")) for line in server.log_lines() if line["msg"] in ("ready", "not ready")]
        webhook.wait_until(self, lambda: lines() == [("warn", "not ready", "the serving certificate has expired")], "it says why it is not ready")
        mounted.publish(files(webhook.make_certificates(root / "new")))
        webhook.wait_until(self, lambda: lines()[1:] == [("info", "ready", None)], "it says that it is ready")
