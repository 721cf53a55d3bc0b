"""The history of looks against a real PostgreSQL, and against what ends processes and servers in the middle of it."""
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

import confinement
from postgres import Postgres, programs

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None   # a killed process takes no disk with it
UNIT = os.environ["RIGHTSLICE_UNIT_OBSERVE"]
KILLS = int(os.environ.get("RIGHTSLICE_HISTORY_KILLS", "12"))


LOOK = pathlib.Path(__file__).resolve().parents[1] / "golden/commands/history/before.yaml"


def confined_scan(test, url):
    """The program keeps a look and reads it again where any call that the profile does not name would kill it."""
    program = os.environ["RIGHTSLICE_BINARY"]
    if os.environ.get("RIGHTSLICE_SANITIZE"):
        test.skipTest("sanitizers make calls of their own")

    def run(*arguments):
        return subprocess.run([*confinement.under("strict"), program, *arguments, "--store", url], capture_output=True, text=True, timeout=60, check=False)

    kept = run("scan", "--from", LOOK, "--at", "2026-06-01T00:00:00Z")
    test.assertEqual(kept.returncode, 0, kept.stderr)
    read = run("history", "findings")
    test.assertEqual((read.returncode, read.stderr), (0, ""))
    test.assertIn("Dark node gpu-1", read.stdout)


def writer(url):
    """Adds looks without end and says of each that it is acknowledged; unit/observe/store_writer_test.cpp."""
    return subprocess.Popen([UNIT, "-ns", "-tc=the writer of a history", "-m"], env={**os.environ, "RIGHTSLICE_WRITE_STORE": url}, stdout=subprocess.PIPE, text=True)


def acknowledged(line):
    return int(line.split()[1]) if line.startswith("written ") else None


class Killed:
    """What is there after many writers were killed at any moment."""

    def kill_often(self, url):
        random.seed(4)
        last = 0
        for _ in range(KILLS):
            process = writer(url)
            try:
                first = process.stdout.readline()
                while first and acknowledged(first) is None:
                    first = process.stdout.readline()
                self.assertTrue(first, "the writer ended by itself")
                self.assertGreater(acknowledged(first), last, "what was acknowledged is not there any more")
                time.sleep(random.random() * 0.15)
            finally:
                process.kill()
                lines = process.stdout.read().splitlines() + [first]
                process.stdout.close()
                process.wait(30)
            last = max(filter(None, map(acknowledged, lines)))
        return last

    def check(self, query, last):
        looks = query("SELECT COUNT(*), MIN(taken), MAX(taken) FROM rightslice_look")
        self.assertGreaterEqual(looks[2], last)
        # The writer's looks are a minute apart and none is missing: neither lost nor written in part.
        self.assertEqual(looks[0], (looks[2] - looks[1]) // 60 + 1)
        self.assertEqual(query("SELECT SUM(seconds), SUM(looks) FROM rightslice_day"), (looks[2] - looks[1], looks[0] - 1))
        # In each look one workload is another than before, and one finding comes or goes.
        self.assertEqual(query("SELECT COUNT(*) FROM rightslice_state"), (20 + looks[0] - 1,))
        self.assertEqual(query("SELECT COUNT(*) FROM rightslice_state WHERE until IS NULL"), (20,))
        self.assertEqual(query("SELECT COUNT(*) FROM rightslice_finding"), ((looks[0] + 1) // 2,))
        self.assertEqual(query("SELECT SUM(cent_seconds) FROM rightslice_spend"), ((looks[2] - looks[1]) * 20 * 1000,))


class File(Killed, unittest.TestCase):
    def test_killed_in_the_middle_of_writes(self):
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            path = pathlib.Path(folder, "history.db")
            last = self.kill_often(str(path))
            with sqlite3.connect(path) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
                self.check(lambda sql: database.execute(sql).fetchone(), last)
            database.close()


    def test_under_the_seccomp_profile(self):
        with tempfile.TemporaryDirectory() as folder:
            confined_scan(self, str(pathlib.Path(folder, "history.db")))


@unittest.skipUnless(programs(), "PostgreSQL is not installed (deploy/packages)")
class Server(Killed, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def row(self, database):
        return lambda sql: tuple(int(each) for each in self.server.sql(sql, database).split("|"))

    def test_the_same_laws_as_in_a_file(self):
        done = subprocess.run([UNIT, "-tc=history: *"], env={**os.environ, "RIGHTSLICE_TEST_STORE": self.server.url()}, capture_output=True, text=True, timeout=200, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr)
        self.assertRegex(done.stdout, r"\| +1\d passed")

    def test_killed_in_the_middle_of_writes(self):
        self.server.sql("CREATE DATABASE killed")
        last = self.kill_often(self.server.url("killed"))
        self.check(self.row("killed"), last)

    def test_a_server_that_goes_and_comes_back(self):
        self.server.sql("CREATE DATABASE away")
        process = writer(self.server.url("away"))
        try:
            while acknowledged(process.stdout.readline()) is None:
                pass
            for how in (signal.SIGINT, signal.SIGQUIT):   # it stops, or dies
                self.server.stop(how)
                line = process.stdout.readline()
                while not line.startswith("error "):
                    self.assertTrue(line, "the writer ended")
                    line = process.stdout.readline()
                self.assertRegex(line, "the connection to the server of the history is lost|the server of the history cannot be reached")
                self.assertNotIn("geheim", line)
                self.server.start()
                while acknowledged(line) is None:
                    line = process.stdout.readline()
                    self.assertTrue(line, "the writer ended")
                last = acknowledged(line)
        finally:
            process.kill()
            process.stdout.close()
            process.wait(30)
        self.check(self.row("away"), last)

    def test_under_the_seccomp_profile(self):
        self.server.sql("CREATE DATABASE confined")
        confined_scan(self, self.server.url("confined"))

    def test_rights_that_lack_are_named(self):
        self.server.sql("CREATE ROLE reader LOGIN PASSWORD 'geheim'")
        url = f"postgresql://reader:geheim@127.0.0.1:{self.server.port}/postgres"
        process = writer(url)
        line = process.stdout.readline()
        while line and not line.startswith("error "):
            line = process.stdout.readline()
        process.kill()
        process.stdout.close()
        process.wait(30)
        self.assertIn("the history may not be used (permission denied for schema public)", line)


if __name__ == "__main__":
    unittest.main()
