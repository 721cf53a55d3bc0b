"""HTTP in shapes that one reader takes for one request and another for two; and too much of everything."""

import gzip
import socket
import ssl
import zlib

import hardness
from hardness import Tally, pick

HEAD = "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BODY = hardness.question(0)[0].decode()
SIZE = len(BODY)
HIDDEN = hardness.request(1).decode()  # what a smuggler hides; an answer to it would carry its uid


def chunked(*chunks):
    return "Transfer-Encoding: chunked\r\n\r\n" + "".join(chunks)


# name: (what is sent before the hidden request, statuses that are right). 200: it was read as it is meant, and then the request behind
# it is another's in the open. Anything else must end the connection, so that nothing behind it is ever read.
SHAPES = {
    "Content-Length and Transfer-Encoding": (HEAD + f"Content-Length: {SIZE}\r\n" + chunked("0\r\n\r\n"), {400}),
    "Transfer-Encoding and Content-Length": (HEAD + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", {400}),
    "two Content-Lengths that differ": (HEAD + f"Content-Length: {SIZE}\r\nContent-Length: 1\r\n\r\n{BODY}", {400}),
    "a list of Content-Lengths": (HEAD + f"Content-Length: {SIZE}, 1\r\n\r\n{BODY}", {400}),
    "negative Content-Length": (HEAD + "Content-Length: -1\r\n\r\n", {400}),
    "Content-Length with a sign": (HEAD + f"Content-Length: +{SIZE}\r\n\r\n{BODY}", {400}),
    "hexadecimal Content-Length": (HEAD + f"Content-Length: 0x{SIZE:x}\r\n\r\n{BODY}", {400}),
    "Content-Length beyond 64 bits": (HEAD + f"Content-Length: {'9' * 40}\r\n\r\n", {400, 413}),
    "Content-Length of 2^64 + the body": (HEAD + f"Content-Length: {(1 << 64) + SIZE}\r\n\r\n{BODY}", {400, 413}),
    "empty Content-Length": (HEAD + "Content-Length:\r\n\r\n", {400}),
    "folded Transfer-Encoding": (HEAD + "Transfer-Encoding:\r\n chunked\r\n" + f"Content-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "folded Content-Length": (HEAD + f"Content-Length: {SIZE}\r\n 0\r\n\r\n{BODY}", {400}),
    "space before the colon": (HEAD + f"Content-Length : {SIZE}\r\n\r\n{BODY}", {400}),
    "space before the colon of Transfer-Encoding": (HEAD + "Transfer-Encoding : chunked\r\n" + f"Content-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "space in front of a header": ("POST /validate HTTP/1.1\r\n Host: x\r\n" + f"Content-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "bare LF": ((HEAD + f"Content-Length: {SIZE}\r\n\r\n").replace("\r\n", "\n") + BODY, {400}),
    "bare LF before Transfer-Encoding": (HEAD + f"X: y\nTransfer-Encoding: chunked\r\nContent-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "bare CR in a value": (HEAD + f"X: y\rTransfer-Encoding: chunked\r\nContent-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "NUL in a value": (HEAD + f"X: y\0\r\nContent-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "xchunked": (HEAD + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked, identity": (HEAD + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", {400, 501}),
    "gzip, chunked": (HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked twice": (HEAD + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked and identity in two headers": (HEAD + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked with a tab": (HEAD + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked in HTTP/1.0": (HEAD.replace("1.1", "1.0") + chunked("0\r\n\r\n"), {400}),
    "chunk size that is no number": (HEAD + chunked("zz\r\n" + BODY), {400}),
    "negative chunk size": (HEAD + chunked("-1\r\n" + BODY), {400}),
    "chunk size with 0x": (HEAD + chunked(f"0x{SIZE:x}\r\n{BODY}\r\n0\r\n\r\n"), {400}),
    "chunk size beyond 64 bits": (HEAD + chunked(f"{'f' * 17}\r\n" + BODY), {400, 413}),
    "chunk size of 2^64 + the body": (HEAD + chunked(f"{(1 << 64) + SIZE:x}\r\n{BODY}\r\n0\r\n\r\n"), {400, 413}),
    "chunk size of 2^63": (HEAD + chunked(f"{1 << 63:x}\r\n{BODY}"), {400, 413}),
    "chunk longer than its size": (HEAD + chunked(f"{SIZE - 3:x}\r\n{BODY}\r\n0\r\n\r\n"), {400}),
    "chunk ended by a bare LF": (HEAD + chunked(f"{SIZE:x}\r\n{BODY}\n0\r\n\r\n"), {400}),
    "chunk size ended by a bare LF": (HEAD + chunked(f"{SIZE:x}\n{BODY}\r\n0\r\n\r\n"), {400}),
    "chunk extensions": (HEAD + chunked(f"{SIZE:x};a=b;c=\"d\"\r\n{BODY}\r\n0;e\r\n\r\n"), {200}),
    "chunk extension with a bare LF": (HEAD + chunked(f"{SIZE:x};a\nb\r\n{BODY}\r\n0\r\n\r\n"), {400}),
    "chunk extensions without end": (HEAD + chunked(f"{SIZE:x};" + "a" * 70_000), {400, 413, 431}),
    "trailers": (HEAD + chunked(f"{SIZE:x}\r\n{BODY}\r\n0\r\nX: y\r\n\r\n"), {200}),
    "trailer that frames": (HEAD + chunked(f"{SIZE:x}\r\n{BODY}\r\n0\r\nContent-Length: 5\r\n\r\n"), {200, 400}),
    "trailers without end": (HEAD + chunked(f"{SIZE:x}\r\n{BODY}\r\n0\r\n" + "X: y\r\n" * 20_000), {400, 431}),
    "HTTP/2 preface": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "HTTP/0.9": ("GET /validate\r\n", {400}),
    "HTTP/1.2": (HEAD.replace("1.1", "1.2") + f"Content-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "two spaces in the request line": (HEAD.replace(" /validate ", "  /validate ") + f"Content-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "no method": (HEAD.replace("POST ", " ") + f"Content-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "header without a name": (HEAD + f": x\r\nContent-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "header without a colon": (HEAD + f"novalue\r\nContent-Length: {SIZE}\r\n\r\n{BODY}", {400}),
    "very long URL": (f"POST /{'a' * 100_000} HTTP/1.1\r\nHost: x\r\n\r\n", {431}),
    "a header of 100 KB": (HEAD + "X: " + "x" * 100_000 + f"\r\nContent-Length: {SIZE}\r\n\r\n{BODY}", {431}),
    "50,000 headers": (HEAD + "".join(f"X-{n}: y\r\n" for n in range(50_000)) + "\r\n", {431}),
    "Upgrade to h2c": (HEAD + f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: {SIZE}\r\n\r\n{BODY}", {200}),
    "an ordinary request": (HEAD + f"Content-Length: {SIZE}\r\n\r\n{BODY}", {200}),
}


class Framing(hardness.Attack):
    def test_nothing_is_smuggled(self):
        self.serve()
        tally = Tally(f"request smuggling: {len(SHAPES)} shapes")
        for name, (text, statuses) in SHAPES.items():
            with self.subTest(name):
                answers, closed = self.exchange((text + HIDDEN).encode("latin-1"))
                tally.sent += 1
                self.assertTrue(answers, "no answer")
                self.assertIn(answers[0].status, statuses, answers[0].body[:200])
                if answers[0].status == 200:
                    tally.answered += 1
                    self.assertEqual(hardness.wrong(answers[0].json(), 0), "")
                    self.assertEqual([hardness.wrong(each.json(), 1) for each in answers[1:]], [""], "the request behind it")
                else:
                    tally.refused += 1
                    self.assertTrue(closed, "the connection goes on behind what could not be read")
                    self.assertEqual(len(answers), 1, "something behind it was answered")
        self.conclude(tally)

    def test_pipelines_and_every_split(self):
        server = self.serve()
        count = pick(500, 20_000)
        tally = Tally("pipelining, requests split at every byte and chunks of a byte")
        # Many in one segment.
        with server.raw() as sock, sock.makefile("rb") as stream:
            batch = 50
            for first in range(0, count, batch):
                sock.sendall(b"".join(hardness.request(n) for n in range(first, first + batch)))
                for number in range(first, first + batch):
                    self.assertEqual(hardness.wrong(hardness.webhook.read_raw(stream).json(), number), "")
            tally.sent += count
            tally.answered += count
        # One request in two parts, at every place; the parts are records of TLS and segments of TCP.
        with server.raw() as sock, sock.makefile("rb") as stream:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = hardness.request(3)
            for at in range(1, len(data), pick(5, 1)):
                sock.sendall(data[:at])
                sock.sendall(data[at:])
                self.assertEqual(hardness.wrong(hardness.webhook.read_raw(stream).json(), 3), "", at)
                tally.sent += 1
                tally.answered += 1
            for byte in range(len(data)):  # and a byte at a time
                sock.sendall(data[byte : byte + 1])
            self.assertEqual(hardness.wrong(hardness.webhook.read_raw(stream).json(), 3), "")
            body = hardness.question(4)[0]
            sock.sendall((HEAD + chunked()).encode() + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
            self.assertEqual(hardness.wrong(hardness.webhook.read_raw(stream).json(), 4), "")
            for _ in range(20):  # of random size
                out, rest = b"", body
                while rest:
                    size = self.random.randrange(1, 300)
                    out += b"%x\r\n%s\r\n" % (len(rest[:size]), rest[:size])
                    rest = rest[size:]
                out = (HEAD + chunked()).encode() + out + b"0\r\n\r\n"
                at = self.random.randrange(len(out))
                sock.sendall(out[:at])
                sock.sendall(out[at:])
                self.assertEqual(hardness.wrong(hardness.webhook.read_raw(stream).json(), 4), "")
                tally.sent += 1
                tally.answered += 1
        self.conclude(tally)

    def test_what_stands_around_chunks_without_end(self):
        server = self.serve()
        load = hardness.Load(server, pause=0.05)
        tally = Tally("chunk extensions, sizes and trailers without end, on both ports")
        piece, most = b"0" * (1 << 20), 0.0

        def plain():
            return socket.create_connection(("127.0.0.1", server.ops_port), timeout=hardness.PATIENCE)

        ports = {"webhook": (self.tls, HEAD), "ops": (plain, "GET /livez HTTP/1.1\r\nHost: x\r\n")}
        for port, (connect, head) in ports.items():
            for name, begin in {"extension": "1;", "size": "0", "trailer": "1\r\nx\r\n0\r\nX: ", "chunks": ""}.items():
                with self.subTest(name, port=port), connect() as sock, sock.makefile("rb") as stream:
                    data = (b"1;" + b"a" * 1000 + b"\r\nx\r\n") * 1000 if name == "chunks" else piece
                    tally.sent += 1
                    answer = None
                    try:
                        sock.sendall((head + chunked(begin)).encode())
                        for _ in range(pick(80, 300)):
                            sock.sendall(data)
                            most = max(most, self.rss())
                        answer = hardness.webhook.read_raw(stream)
                    except OSError:
                        pass  # it reads on for some seconds only, so that its answer is not lost
                    if answer is not None:
                        self.assertEqual(answer.status, 431, answer.body)
                    tally.refused += 1
        if not hardness.SANITIZED:
            self.assertLess(most - self.before[1], hardness.MOST_GROWTH_MIB, "MiB more, at the worst moment")
        self.conclude(tally, load)

    def test_bodies_that_are_too_large_or_packed(self):
        server = self.serve()
        load = hardness.Load(server, pause=0.05)
        tally = Tally("9 MiB bodies, compressed bodies and bombs, Expect: 100-continue")
        bomb = zlib.compress(b" " * (64 << 20), 9)
        packed = gzip.compress(BODY.encode())
        cases = [("9 MiB", HEAD, b"x" * (9 << 20), 413)]
        for coding, body in [("gzip", packed), ("GZIP", packed), ("x-gzip", packed), ("deflate", bomb), ("br", b"x" * 100), ("zstd", b"x" * 100),
                             ("gzip, identity", packed), ("gzip", BODY.encode())]:
            cases.append((coding, HEAD + f"Content-Encoding: {coding}\r\n", body, 415))
        cases.append(("identity", HEAD + "Content-Encoding: identity\r\n", BODY.encode(), 200))
        cases.append(("no coding named", HEAD, packed, 400))
        for name, head, body, status in cases:
            for expect in ("", "Expect: 100-continue\r\n"):
                with self.subTest(name, expect=expect):
                    answers, _ = self.exchange((head + expect + f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
                    answers = [each for each in answers if each.status != 100]
                    self.assertEqual([each.status for each in answers], [status])
                    tally.sent += 1
                    if status == 200:
                        tally.answered += 1
                        self.assertEqual(hardness.wrong(answers[0].json(), 0), "")
                    else:
                        tally.refused += 1
                        if status == 415:
                            self.assertEqual(answers[0].headers["accept-encoding"], "identity")
        for _ in range(pick(3, 60)):  # cut off in the middle
            with self.tls() as sock:
                sock.sendall(hardness.head(9 << 20))
                try:
                    sock.sendall(b"x" * self.random.randrange(1, 8 << 20))
                except (OSError, ssl.SSLError):
                    pass
            tally.sent += 1
            tally.refused += 1
        self.conclude(tally, load)


if __name__ == "__main__":
    hardness.webhook.unittest.main()
