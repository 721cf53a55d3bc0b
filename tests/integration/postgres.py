"""A real PostgreSQL for one test: Debian's package postgresql, on a socket and a port of loopback, in a folder of its own.

usage: postgres.py COMMAND [ARGUMENT]...   runs the command with RIGHTSLICE_TEST_STORE set to a URL of it
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PASSWORD = "geheim/@:?#%"
QUOTED = "geheim%2F%40%3A%3F%23%25"
NOBODY = 65534   # PostgreSQL refuses to run as root


def programs():
    """The folder of its programs, or None: Debian keeps those of each version in a folder of its own, outside of PATH."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Postgres:
    """Who connects over TCP gives a password; over the socket nobody does."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rightslice-pg-"))
        self.port = free_port()
        self.process = None
        self.who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if self.who:
            os.chown(self.folder, NOBODY, NOBODY)
        # Neither is a cluster for anybody but this test: what it would survive of a power cut is not asked.
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self.who:
            os.chown(secret, NOBODY, NOBODY)
        self.run("initdb", "-D", self.folder / "data", "-U", "rightslice", "-A", "trust", "--auth-host=scram-sha-256", f"--pwfile={secret}", "-N", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

    def run(self, program, *arguments):
        subprocess.run([programs() / program, *arguments], check=True, capture_output=True, cwd=self.folder, timeout=120, **self.who)

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([programs() / "postgres", "-D", self.folder / "data", "-k", self.folder, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                                         "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=40", "-c", "log_min_messages=fatal"],
                                        stdout=log, stderr=log, cwd=self.folder, **self.who)
        log.close()
        until = time.monotonic() + 60
        while subprocess.run([programs() / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)], check=False, timeout=30).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("PostgreSQL does not start:\n" + (self.folder / "log").read_text(encoding="utf-8", errors="replace"))
            time.sleep(0.1)

    def stop(self, how=signal.SIGINT):
        """SIGINT: at once, connections are cut. SIGQUIT: as after a crash."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process = None

    def url(self, database="postgres", password=QUOTED, more=""):
        return f"postgresql://rightslice:{password}@127.0.0.1:{self.port}/{database}{more}"

    def sql(self, text, database="postgres"):
        done = subprocess.run([programs() / "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port), "-U", "rightslice", "-d", database, "-c", text],
                              check=True, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    server = Postgres()
    try:
        return subprocess.run(sys.argv[1:], check=False, env={**os.environ, "RIGHTSLICE_TEST_STORE": server.url()}).returncode
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
