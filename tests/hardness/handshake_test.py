"""TLS that is old, weak, broken, half done, or shown by the wrong client."""

import contextlib
import datetime
import os
import ssl
import subprocess
import warnings

import hardness
from hardness import Tally, pick
from slow_test import hello

RECORD = b"\x16\x03\x01"


def record(kind, payload):
    return bytes([kind]) + b"\x03\x01" + len(payload).to_bytes(2, "big") + payload


def client_hello(extensions=b"", ciphers=b"\x13\x01", version=b"\x03\x03", session=b""):
    body = version + os.urandom(32) + bytes([len(session)]) + session
    body += len(ciphers).to_bytes(2, "big") + ciphers + b"\x01\x00" + len(extensions).to_bytes(2, "big") + extensions
    return b"\x01" + len(body).to_bytes(3, "big") + body


def records(message):
    """A handshake message in as many records as it needs."""
    return b"".join(record(22, message[at : at + 16_000]) for at in range(0, len(message), 16_000))


class Handshake(hardness.Attack):
    def attempt(self, data, patience=3):
        """What the server says to these bytes, and whether it ended the connection."""
        with self.plain() as sock:
            with contextlib.suppress(OSError):
                sock.sendall(data)
            sock.settimeout(patience)
            got = b""
            try:
                while chunk := sock.recv(4096):
                    got += chunk
                return got, True
            except TimeoutError:
                return got, False
            except OSError:
                return got, True

    def test_old_versions_and_weak_ciphers(self):
        server = self.serve()
        load = hardness.Load(server)
        tally = Tally("TLS downgrade: old versions, weak ciphers")
        offers = [(ssl.TLSVersion.TLSv1_2, text) for text in
                  ("AES128-SHA", "AES128-GCM-SHA256", "AES256-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "aNULL", "eNULL", "PSK")]
        offers += [(version, "ALL") for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for version, ciphers in offers:
                with self.subTest(version=version, ciphers=ciphers):
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    context.minimum_version = context.maximum_version = version
                    try:
                        context.set_ciphers(ciphers + ":@SECLEVEL=0")
                    except ssl.SSLError:
                        continue  # this OpenSSL does not have it any more either
                    tally.sent += 1
                    with self.assertRaises((ssl.SSLError, ConnectionError)):
                        self.tls(context).close()
                    tally.refused += 1
        for version in ("TLSv1_2", "TLSv1_3"):  # and what is right goes on
            context = server.tls()
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
            answers, _ = self.exchange(hardness.request(0), context)
            self.assertEqual(hardness.wrong(answers[0].json(), 0), "")
            tally.sent += 1
            tally.answered += 1
        self.conclude(tally, load)

    def test_renegotiation(self):
        server = self.serve()
        load = hardness.Load(server)
        tally = Tally("TLS 1.2 renegotiation")
        for _ in range(pick(2, 50)):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", "-legacy_server_connect"],
                                  input=b"R\nR\nR\n", capture_output=True, timeout=hardness.PATIENCE)
            tally.sent += 1
            self.assertIn(b"no renegotiation", done.stderr + done.stdout)
            tally.refused += 1
        self.conclude(tally, load)

    def test_what_is_no_handshake(self):
        server = self.serve()
        load = hardness.Load(server)
        tally = Tally("HTTP, garbage and huge hellos on the TLS port")
        huge = b"\x00\x15\xff\xff" + bytes(65_535 - 4)  # a padding extension
        whole = hello(server)
        shapes = {
            "plain HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "SSH": b"SSH-2.0-x\r\n",
            "SSLv2 hello": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(37),
            "zeros": bytes(5000),
            "alert": record(21, b"\x02\x28"),
            "application data first": record(23, b"x" * 100),
            "change cipher spec flood": record(20, b"\x01") * 100,
            "record too long": b"\x16\x03\x01\xff\xff" + bytes(65_535),
            "hello that ends early": record(22, b"\x01\x00\x00\x40" + bytes(10)) + record(21, b"\x02\x00"),
            "hello of 16 MiB": RECORD + b"\x40\x00" + b"\x01\xff\xff\xff" + bytes(16_380) + (RECORD + b"\x40\x00" + bytes(16_384)) * 30,
            "no ciphers": records(client_hello(ciphers=b"")),
            "30,000 ciphers": records(client_hello(ciphers=b"\x13\x01" * 30_000)),
            "unknown ciphers": records(client_hello(ciphers=b"\xfe\xfe")),
            "version 0.0": records(client_hello(version=b"\x00\x00")),
            "session id too long": records(client_hello(session=bytes(255))),
            "extensions cut off": records(client_hello(extensions=b"\x00\x0a\xff\xff\x00")),
            "huge extension": records(client_hello(extensions=huge[:60_000])),
            "empty records": record(22, b"") * 100,
        }
        for name, data in shapes.items():
            with self.subTest(name):
                got, closed = self.attempt(data)
                tally.sent += 1
                tally.refused += 1
                self.assertTrue(closed, f"still open, said {got[:50]}")
                self.assertNotIn(b"HTTP/1.1 200", got)
        for _ in range(pick(150, 10_000)):  # a good hello, broken somewhere
            data = bytearray(whole)
            for _ in range(self.random.randrange(1, 4)):
                data[self.random.randrange(len(data))] = self.random.randrange(256)
            self.attempt(bytes(data[: self.random.randrange(1, len(data) + 1)]), patience=0.02)
            tally.sent += 1
            tally.refused += 1
        self.conclude(tally, load)

    def test_client_certificates(self):
        root = self.folder()
        ours, theirs = hardness.webhook.make_certificates(root / "ours"), hardness.webhook.make_certificates(root / "theirs")
        server = hardness.webhook.Server(self, certificates=ours, arguments=["--client-ca", str(ours / "ca.crt")])
        self.server = server

        def context(certificate=None, key=None, version=None):
            made = server.tls()
            if certificate:
                made.load_cert_chain(certificate, key)
            if version:
                made.minimum_version = made.maximum_version = version
            return made

        good = context(ours / "client.crt", ours / "client.key")

        def ask(number, connection=None):
            with contextlib.closing(server.connect(good)) as own:
                hardness.Attack.ask(self, number, connection or own)

        self.ask = ask
        for number in range(5):
            self.ask(number)
        self.before = (self.settled_fds(), self.rss())
        load = hardness.Load(server, context=good)
        tally = Tally("mTLS: absent, foreign, expired and borrowed client certificates")
        expired = self.expired(ours, root)
        shown = {
            "none": (None, None),
            "of another CA": (theirs / "client.crt", theirs / "client.key"),
            "our own serving certificate": (ours / "tls.crt", ours / "tls.key"),  # is for servers, not for clients
        }
        if expired:
            shown["expired"] = expired
        for name, (certificate, key) in shown.items():
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with self.subTest(name, version=version):
                    tally.sent += 1
                    with self.assertRaises((ssl.SSLError, ConnectionError)):
                        server.post("/validate", hardness.question(0)[0], server.connect(context(certificate, key, version)))
                    tally.refused += 1
        self.conclude(tally, load)

    def expired(self, ours, root):
        """A client certificate whose time is over, of a CA that the server trusts: by the clock of faketime where there is one."""
        if subprocess.run(["which", "faketime"], capture_output=True).returncode != 0:
            return None
        old = root / "old"
        past = (datetime.datetime.now() - datetime.timedelta(days=400)).strftime("%Y-%m-%d %H:%M:%S")
        subprocess.run(["faketime", past, hardness.webhook.BINARY, "certs", "--out", str(old), "--client", "--days", "30"], check=True,
                       capture_output=True, timeout=hardness.PATIENCE, env={**os.environ, **hardness.PRELOADED})
        # The running server takes both CAs as soon as it sees them.
        (ours / "ca.new").write_text((ours / "ca.crt").read_text() + (old / "ca.crt").read_text())
        os.replace(ours / "ca.new", ours / "ca.crt")
        hardness.webhook.wait_until(self, lambda: self.server.metric('rightslice_certificate_reload_total{result="success"}') >= 1, "both CAs")
        return old / "client.crt", old / "client.key"


if __name__ == "__main__":
    hardness.webhook.unittest.main()
