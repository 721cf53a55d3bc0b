"""What exporters say of a fleet, in old and new spellings; a loopback server that says it, a real Prometheus that scrapes it, with history that
promtool wrote; and pods that answer for themselves."""
import http.server
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from control_plane import free_port
from server_process import PATIENCE

STEP, HISTORY, STALE = 60, 65 * 60, 20 * 60      # seconds: between samples, so far back, and so long ago that it ended
LIVE_ONLY = 29                                   # pods of workloads with number % this == 7 are told by the live scrape alone


def escaped(labels):
    return ",".join(f'{key}="{value}"' for key, value in labels.items())


def engine_series(pod):
    """(family, type, name, labels, value of a step) of one pod's engine."""
    each = pod.workload
    labels = {"namespace": each.namespace, "pod": pod.name, "container": "model"}
    if each.engine == "vllm":
        usage = "vllm:gpu_cache_usage_perc" if each.number % 2 else "vllm:kv_cache_usage_perc"
        labels |= {"model_name": each.container()["args"][1], "engine": "0"}
        yield usage, "gauge", usage, labels, lambda step: each.kv
        yield "vllm:num_requests_waiting", "gauge", "vllm:num_requests_waiting", labels, lambda step: each.number % 4
        yield "vllm:num_requests_running", "gauge", "vllm:num_requests_running", labels, lambda step: each.number % 11
        yield "vllm:generation_tokens", "counter", "vllm:generation_tokens_total", labels, lambda step: 600 * step
    elif each.engine == "sglang":
        yield "sglang:token_usage", "gauge", "sglang:token_usage", labels, lambda step: each.kv
        yield "sglang:num_queue_reqs", "gauge", "sglang:num_queue_reqs", labels, lambda step: each.number % 4


def node_series(pod, place):
    """The same of the DCGM exporter of its node; `place` counts the pods of the node."""
    each, node = pod.workload, pod.node
    labels = {"Hostname": node.name, "gpu": str(place // 7), "modelName": node.product, "namespace": each.namespace, "pod": pod.name, "container": "model"}
    if node.cut:
        labels |= {"GPU_I_ID": str(place % 7 + 1), "GPU_I_PROFILE": each.asks.removeprefix("nvidia.com/mig-")}
    yield "DCGM_FI_DEV_FB_USED", "gauge", "DCGM_FI_DEV_FB_USED", labels, lambda step: 3000
    yield "DCGM_FI_DEV_FB_FREE", "gauge", "DCGM_FI_DEV_FB_FREE", labels, lambda step: 1000


def all_series(fleet):
    """(job, pod, series)."""
    places = {}
    for pod in fleet.running:
        place = places[pod.node.name] = places.get(pod.node.name, -1) + 1
        for each in engine_series(pod):
            yield "engines", pod, each
        for each in node_series(pod, place):
            yield "dcgm", pod, each


def text(fleet, job, step):
    """What the endpoint of a job says at a step: of pods that are not stale."""
    lines = []
    for of, pod, (_, _, name, labels, value) in all_series(fleet):
        if of == job and not pod.workload.stale:
            lines.append(f"{name}{{{escaped(labels)}}} {value(step)}\n")
    return "".join(lines).encode()


def as_scraped(job, labels, target):
    """Without honor_labels a server puts its own in place of those of its labels that the target has too."""
    own = {"job": job, "instance": target}
    return own | ({"namespace": "monitoring", "pod": "exporter"} if job == "dcgm" else {}) | {
        f"exported_{key}" if job == "dcgm" and key in ("namespace", "pod", "container") else key: value for key, value in labels.items()}


def history(fleet, target, end):
    """OpenMetrics: an hour of all series, up to a minute ago; stale ones ended long before."""
    families = {}
    for job, pod, (family, kind, name, labels, value) in all_series(fleet):
        if pod.workload.number % LIVE_ONLY == 7:
            continue
        lines = families.setdefault((family, kind), [])
        beginning = f"{name}{{{escaped(as_scraped(job, labels, target))}}}"
        last = end - (STALE if pod.workload.stale else STEP)
        lines.extend(f"{beginning} {value((at - end) // STEP + 100)} {at}\n" for at in range(end - HISTORY, last + 1, STEP))
    for (family, kind), lines in families.items():
        yield f"# TYPE {family} {kind}\n"
        yield from lines
    yield "# EOF\n"


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, answers):
        """`answers`: path -> bytes, or a function of a handler."""
        outer = answers

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer = outer.get(self.path)
                if callable(answer):
                    return answer(self)
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, *_):
                pass

        super().__init__((address, 0), Handler)   # and one who has heard enough is no error: handle_error
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def stop(self):
        self.shutdown()
        self.server_close()
        self.thread.join(PATIENCE)


class Prometheus:
    """Started by its constructor; ready when that returns, and has scraped once."""

    def __init__(self, fleet, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        began = time.monotonic()
        self.exporters = Server("127.0.0.1", {f"/{job}": text(fleet, job, 100) for job in ("engines", "dcgm")})
        target = f"127.0.0.1:{self.exporters.server_address[1]}"
        with open(self.folder / "history.txt", "w", encoding="utf-8") as out:
            out.writelines(history(fleet, target, int(time.time())))
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", self.folder / "history.txt", self.folder / "data"], check=True,
                       stdout=subprocess.DEVNULL, timeout=600)
        (self.folder / "history.txt").unlink()
        jobs = "".join(f"- {{job_name: {job}, metrics_path: /{job}, static_configs: [{{targets: ['{target}']{labels}}}]}}\n"
                       for job, labels in (("engines", ""), ("dcgm", ", labels: {namespace: monitoring, pod: exporter}")))
        (self.folder / "prometheus.yml").write_text(f"global: {{scrape_interval: 5s}}\nscrape_configs:\n{jobs}")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                   "--log.level=error"]
        self.process = subprocess.Popen(command)
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        self.seconds = time.monotonic() - began

    def wait(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("prometheus ended")
            try:
                with urllib.request.urlopen(f"{self.url}/api/v1/query?query=count(up==1)", timeout=10) as answer:
                    if b'"2"' in answer.read():
                        time.sleep(1)   # a look is of a whole second: what was scraped within it is after that
                        return
            except OSError:
                pass
            time.sleep(0.2)
        raise RuntimeError("prometheus has not scraped")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.exporters.stop()
