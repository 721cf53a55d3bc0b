"""Signals at any moment, kills, and a clock that jumps."""

import os
import pathlib
import signal
import time

import hardness
from hardness import Tally, pick, webhook

REVIEW_DEADLINE = 9  # seconds, webhook/base/limits.hpp


class Signals(hardness.Attack):
    def test_sigterm_at_any_moment_loses_no_request(self):
        """Requests of which at least a byte was sent before the signal are answered, however they are cut."""
        rounds, peers = pick(3, 150), 40
        tally = Tally(f"SIGTERM at any moment, {rounds} times")
        for _ in range(rounds):
            server = self.serve()
            socks, rest, began, wrongs = [], [], [], []
            for number in range(peers):
                sock = server.raw()
                data = hardness.request(number)
                at = self.random.choice([1, len(data) - 1, self.random.randrange(1, len(data)), len(data)])
                began.append(time.monotonic())
                sock.sendall(data[:at])
                socks.append(sock)
                rest.append(data[at:])
            # What was sent is read by the server before the signal is: the answer to one more request says so for its worker only.
            time.sleep(0.2 + self.random.random() / 5)
            server.process.send_signal(signal.SIGTERM)
            order = list(range(peers))
            self.random.shuffle(order)
            for number in order:
                socks[number].sendall(rest[number])
            for number in order:
                with socks[number], socks[number].makefile("rb") as stream:
                    answer = webhook.read_raw(stream)
                    tally.sent += 1
                    if answer is None:
                        tally.failed += 1
                        continue
                    if answer.status == 500 and b"DeadlineExceeded" in answer.body and time.monotonic() - began[number] > REVIEW_DEADLINE:
                        tally.refused += 1  # a machine so busy that this test sent the rest too late
                        continue
                    tally.answered += 1
                    wrong = f"{answer.status}: {answer.body[:200]}" if answer.status != 200 else hardness.wrong(answer.json(), number)
                    if wrong:
                        wrongs.append(wrong)
            self.assertEqual(server.process.wait(webhook.PATIENCE), 0)
            self.assertIn('"connectionsCut":0', server.log())
            tally.wrong += len(wrongs)
            self.assertEqual((tally.failed, wrongs[:3]), (0, []))
        self.serve()
        self.conclude(tally)

    def test_sighup_storm(self):
        server = self.serve()
        load = hardness.Load(server, pause=0.005)
        tally = Tally("SIGHUP storm", sent=pick(200, 20_000))
        for _ in range(tally.sent):
            server.process.send_signal(signal.SIGHUP)
            time.sleep(self.random.random() / 100)
        tally.answered = tally.sent
        self.conclude(tally, load)

    def test_kill_and_start_again(self):
        """What was in progress is lost, as it must be; no answer is wrong, and the next start on the same port is as good as the first."""
        rounds = pick(3, 100)
        tally = Tally(f"SIGKILL under load and start again, {rounds} times")
        root = self.folder()
        certificates = webhook.make_certificates(root / "certs")
        policies = root / "policies"
        policies.mkdir()
        (policies / "a.yaml").write_text(webhook.policy())
        listen = "127.0.0.1:0"
        for number in range(rounds):
            server = self.serve(certificates=certificates, policies=policies, listen=listen)
            listen = f"127.0.0.1:{server.port}"
            load = hardness.Load(server, pause=0)
            webhook.wait_until(self, lambda: load.answered > 20, "load")
            time.sleep(self.random.random() / 5)
            self.assertEqual((load.wrong, load.failed), ([], []))
            server.process.kill()
            load.stop()
            server.process.wait(webhook.PATIENCE)
            self.assertEqual(load.wrong, [])
            tally.sent += load.sent
            tally.answered += load.answered
            tally.refused += len(load.failed)  # after the kill
        server = self.serve(certificates=certificates, policies=policies, listen=listen)
        self.conclude(tally, hardness.Load(server))


def faketime_library():
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found else None


EXCEPTION = """\
---
apiVersion: rightslice.io/v1alpha1
kind: SliceException
metadata: {{name: legacy, namespace: team-b}}
spec: {{kind: Deployment, name: chat, findings: [Oversized], owner: ann, reason: migration, expires: "{day}"}}
"""


@webhook.unittest.skipUnless(faketime_library(), "needs faketime")
class Clock(hardness.Attack):
    def test_a_clock_that_jumps(self):
        root = self.folder()
        offset = root / "offset"
        offset.write_text("+0")
        policies = root / "policies"
        policies.mkdir()
        (policies / "a.yaml").write_text(webhook.policy())
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86400))
        (policies / "b.yaml").write_text(webhook.policy("team-b") + EXCEPTION.format(day=day))
        environment = {"LD_PRELOAD": faketime_library(), "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1",
                       "DONT_FAKE_MONOTONIC": "1", **hardness.PRELOADED}
        root_certificates = webhook.make_certificates(root / "certs")
        server = self.serve(policies=policies, certificates=root_certificates, environment=environment)
        load = hardness.Load(server)
        tally = Tally("clock jumps by days, months and years, both ways")

        def allowed():
            answer = server.post("/validate", webhook.review(webhook.deployment("team-b")))
            self.assertEqual(answer.status, 200)
            tally.sent += 1
            tally.answered += 1
            return answer.response["allowed"]

        jumps = ["+0", "+1d", "+10d", "-3d", "+400d", "-400d", "+0", "+3650d", "-1y", "+3d", "+0"]
        jumps += [f"{self.random.randrange(-800, 800):+d}d" for _ in range(pick(5, 500))]
        for jump in [*jumps, "+0"]:
            offset.with_suffix(".new").write_text(jump)
            os.replace(offset.with_suffix(".new"), offset)
            days = int(jump[:-1]) * (365 if jump.endswith("y") else 1) if jump != "+0" else 0
            self.assertEqual(allowed(), days <= 2, f"the exception until {day}, now {jump}")
            if self.random.random() < 0.3:
                server.process.send_signal(signal.SIGHUP)
            self.assertEqual(server.ops("/livez").status, 200)
        webhook.wait_until(self, lambda: server.ops("/readyz").status == 200, "ready once the clock is right again")
        self.conclude(tally, load)
        # And nothing wedges at the end: deadlines go by the steady clock.
        offset.write_text("+400d")
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, webhook.PATIENCE)


if __name__ == "__main__":
    webhook.unittest.main()
