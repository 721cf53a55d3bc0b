"""The servers that are measured: `rightslice serve`, and beside it nginx's static reply. Loopback, TLS 1.3."""
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import reviews

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = ROOT / "build/release/bin/rightslice"
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, deadline=20):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit(f"nothing listens on port {port}")


class Server:
    process = None

    def pids(self):
        return [str(self.process.pid)]

    def cpu_seconds(self):
        """utime + stime of all threads."""
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def resident_kib(self, peak=False):
        name = "VmHWM" if peak else "VmRSS"
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line for line in text.splitlines() if line.startswith(name)).split()[1])

    def url(self, path="/validate?timeout=5s"):
        return f"https://127.0.0.1:{self.port}{path}"

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


class Nginx(Server):
    """200 with a body of its own to any request."""
    name = "nginx"

    def __init__(self, folder, cores, workers=1):
        self.port = free_port()
        config = folder / "nginx.conf"
        config.write_text(f"""daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{ access_log off; client_body_temp_path {folder}/body; client_body_buffer_size 4m; client_max_body_size 8m; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{self.port} ssl backlog=4096; ssl_certificate {folder}/tls.crt; ssl_certificate_key {folder}/tls.key;
    ssl_protocols TLSv1.3; location / {{ default_type application/json; return 200 '{{"ok":true}}'; }} }} }}
""", encoding="ascii")
        self.process = subprocess.Popen(["taskset", "-c", cores, "nginx", "-c", config, "-p", folder], stderr=subprocess.DEVNULL)
        wait_for(self.port)

    def pids(self):
        return subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True).stdout.split()


class Rightslice(Server):
    name = "rightslice"

    def __init__(self, folder, cores, workers=1, binary=BINARY, policies=20, log_level="warn"):
        self.port, self.ops_port = free_port(), free_port()
        path = folder / f"policies-{policies}.yaml"
        if not path.exists():
            path.write_text(reviews.policies(policies), encoding="ascii")
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", cores, binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--ops-listen", f"127.0.0.1:{self.ops_port}",
             "--cert", folder / "tls.crt", "--key", folder / "tls.key", "--policies", path, "--workers", str(workers), "--log-level", log_level],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self):
        wait_for(self.port)
        return self

    def seconds_to_ready(self, deadline=20):
        """From the start of the process to the first 200 of /readyz, looked for every millisecond."""
        while time.monotonic() < self.begun + deadline:
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return time.monotonic() - self.begun
            time.sleep(0.001)
        sys.exit("never ready")


@contextlib.contextmanager
def workplace(binary=BINARY):
    """A folder with a certificate; servers appended to the list that comes with it are stopped at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        subprocess.run([binary, "certs", "--out", folder], check=True, stdout=subprocess.DEVNULL)
        running = []
        try:
            yield folder, running
        finally:
            for server in running:
                server.stop()
