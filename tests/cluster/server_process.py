"""A server that this process starts on loopback and stops again: by its own handle, and by the kernel if this process dies."""
import pathlib
import re
import subprocess
import time

PATIENCE = 60   # seconds that anything may take on a slow machine; nothing waits so long when all is well
TAIL = 30       # lines of a log that are shown when something failed
COLUMNS = 300


class ServerProcess:
    def __init__(self, name, command, log, folder=None, environment=None):
        self.name = name
        self.log_path = pathlib.Path(log)
        with open(self.log_path, "ab") as output:
            # PDEATHSIG: also where ctest kills this process at its time limit, nothing stays behind.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, cwd=folder, env=environment, start_new_session=True)

    def running(self):
        return self.process.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def tail(self):
        """The end of the log, without what Kubernetes' programs tell at level info."""
        lines = [line for line in self.log().splitlines() if not re.match(r"I\d{4} ", line)]
        return "".join(f"  {line[:COLUMNS]}\n" for line in lines[-TAIL:])

    def wait_until(self, condition, what):
        """`condition` becomes true while the server runs; else a RuntimeError with the end of its log."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if not self.running() or time.monotonic() > end:
                state = "runs" if self.running() else f"ended with status {self.process.returncode}"
                raise RuntimeError(f"{self.name} {state}, but waited in vain: {what}\n{self.tail()}")
            time.sleep(0.05)

    def stop(self):
        """SIGTERM, and SIGKILL where that is not enough; the exit status."""
        if self.running():
            self.process.terminate()
        return self.end()

    def end(self):
        """Of a process that was told to stop: waits for it; the exit status."""
        try:
            return self.process.wait(PATIENCE / 2)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"{self.name} did not end within {PATIENCE / 2:.0f} s of SIGTERM and was killed") from None

    def kill(self):
        if self.running():
            self.process.kill()
        return self.process.wait(PATIENCE)
