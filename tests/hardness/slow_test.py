"""Peers that take their time, hold connections, or leave without a word."""

import asyncio
import contextlib
import resource
import socket
import ssl
import struct
import time

import hardness
from hardness import Tally, pick

LONGEST = 60  # every phase of a connection has 10 to 32 s (webhook/base/limits.hpp)


async def opened(server, context=None):
    return await asyncio.open_connection("127.0.0.1", server.port, ssl=context, server_hostname="127.0.0.1" if context else None)


async def until_closed(reader):
    """Everything that comes until the server ends the connection; None if it does not."""
    got = b""
    try:
        async with asyncio.timeout(LONGEST):
            while chunk := await reader.read(4096):
                got += chunk
    except TimeoutError:
        return None
    except (OSError, ssl.SSLError):
        pass
    return got


async def drip(writer, data, pause):
    """A byte, a pause, a byte ..."""
    with contextlib.suppress(OSError, ssl.SSLError):
        for at in range(len(data)):
            writer.write(data[at : at + 1])
            await writer.drain()
            await asyncio.sleep(pause)


def hello(server):
    """The first flight of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = server.tls().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


class Slow(hardness.Attack):
    async def slow_peer(self, kind, server):
        """One connection; what came back until it was closed, None if it never was."""
        body = hardness.question(0)[0]
        plain = kind in ("says nothing", "handshake byte by byte", "handshake half")
        reader, writer = await opened(server, None if plain else server.tls())
        try:
            if kind == "handshake byte by byte":
                task = asyncio.create_task(drip(writer, hello(server), 1))
            elif kind == "handshake half":
                writer.write(hello(server)[:200])
                task = None
            elif kind == "header byte by byte":
                task = asyncio.create_task(drip(writer, hardness.head(len(body)) * 9, 1))
            elif kind == "header without end":
                task = asyncio.create_task(drip(writer, b"POST /validate HTTP/1.1\r\nX: " + b"x" * 400, 0.2))
            elif kind == "body byte by byte":
                writer.write(hardness.head(len(body)))
                task = asyncio.create_task(drip(writer, body, 1))
            elif kind == "chunks of a byte":
                writer.write(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
                task = asyncio.create_task(drip(writer, b"1\r\n{\r\n" * 60, 0.2))
            elif kind == "body that never comes":
                writer.write(hardness.head(8 << 20))
                task = None
            else:  # nothing, in the clear or after the handshake
                task = None
            got = await until_closed(reader)
            if task:
                task.cancel()
            return got
        finally:
            writer.close()

    def test_slow_peers_are_closed_and_hold_up_nobody(self):
        kinds = ["says nothing", "handshake byte by byte", "handshake half", "handshake and no request", "header byte by byte",
                 "header without end", "body byte by byte", "chunks of a byte", "body that never comes"]
        server = self.serve()
        load = hardness.Load(server, pause=0.1)
        peers = kinds * pick(8, 100)

        async def attack():
            return await asyncio.gather(*(self.slow_peer(kind, server) for kind in peers))

        came = asyncio.run(attack())
        tally = Tally("slow handshake, header and body (slowloris)", sent=len(peers))
        for kind, got in zip(peers, came):
            self.assertIsNotNone(got, f"'{kind}' is still open after {LONGEST} s")
            self.assertNotIn(b"200 OK", got, kind)
            tally.refused += 1
        self.conclude(tally, load)

    def test_answers_that_nobody_reads_do_not_pile_up(self):
        server = self.serve()
        load = hardness.Load(server, pause=0.1)
        tally = Tally("pipelining without reading the answers")
        peers = []
        for _ in range(pick(4, 40)):
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.connect(("127.0.0.1", server.port))
            sock = server.tls().wrap_socket(plain, server_hostname="127.0.0.1")
            sock.settimeout(0.5)
            peers.append(sock)
            with contextlib.suppress(OSError):
                for number in range(20_000):
                    sock.sendall(hardness.request(number))
                    tally.sent += 1
        grown = self.rss() - self.before[1]
        if not hardness.SANITIZED:
            self.assertLess(grown, hardness.MOST_GROWTH_MIB)
        for sock in peers:
            sock.close()
        tally.refused = tally.sent
        self.conclude(tally, load)

    def test_peers_that_reset_or_vanish(self):
        server = self.serve()
        load = hardness.Load(server)
        rounds = pick(200, 5000)
        tally = Tally("half-open and reset connections", sent=rounds)
        whole = hardness.request(1)
        for number in range(rounds):
            sock = self.plain()
            kind = self.random.randrange(5)
            with contextlib.suppress(OSError):
                if kind == 0:
                    sock.sendall(hello(server)[: self.random.randrange(1, 300)])
                elif kind > 1:
                    sock = server.tls().wrap_socket(sock, server_hostname="127.0.0.1")
                    sock.sendall(whole[: self.random.randrange(1, len(whole) + 1)])
                if kind == 2:  # the writing half alone is closed
                    socket.socket.shutdown(sock, socket.SHUT_WR)
                elif kind != 3:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST
            sock.close()
            tally.refused += 1
        self.conclude(tally, load)

    def test_idle_connections_keep_nobody_out(self):
        """More connections than the server takes at all (long), or than it has descriptors for (lean)."""
        wanted = pick(400, 11_000)
        limit = None if hardness.LONG else (300, 300)
        server = self.serve(preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limit)) if limit else None)
        load = hardness.Load(server, forgiving=True)
        with hardness.many_descriptors(wanted) as count:
            tally = Tally(f"{count} idle connections")

            async def attack():
                idle, context = [], server.tls()
                gate = asyncio.Semaphore(64)

                async def one(number):
                    async with gate:
                        with contextlib.suppress(OSError, ssl.SSLError):
                            idle.append(await opened(server, context if number % 2 else None))
                            tally.sent += 1

                await asyncio.gather(*(one(number) for number in range(count)))
                open_now = server.metric("rightslice_connections")
                answered = load.answered
                for number in range(10):  # a newcomer is let in
                    await asyncio.to_thread(self.ask, number)
                self.assertLess(answered, load.answered)
                for _, writer in idle:
                    writer.close()
                return open_now

            self.peak = (asyncio.run(attack()), self.rss())
            print(f"open at the peak: {self.peak[0]:.0f}, resident {self.peak[1]:.0f} MiB", flush=True)
        tally.refused = tally.sent
        self.conclude(tally, load, growth=hardness.MOST_GROWTH_MIB + count * 0.02)

    def test_out_of_descriptors(self):
        """Connections that are there are served on, nothing spins, and newcomers get in."""
        server = self.serve(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        kept = server.connect()
        self.ask(0, kept)
        idle = [self.plain() for _ in range(300)]
        tally = Tally("out of file descriptors (limit 64)", sent=len(idle))
        before, began = self.cpu(), time.monotonic()
        for number in range(30):
            self.ask(number, kept)
            tally.answered += 1
            time.sleep(0.1)
        used, took = self.cpu() - before, time.monotonic() - began
        self.assertLess(used, took / 2, "it burns the processor")
        for number in range(5):
            self.ask(number)
            tally.answered += 1
        self.assertEqual(server.ops("/livez").status, 200)
        kept.close()
        for sock in idle:
            sock.close()
        tally.refused = len(idle)
        self.conclude(tally)


if __name__ == "__main__":
    hardness.webhook.unittest.main()
