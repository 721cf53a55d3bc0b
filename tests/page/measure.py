#!/usr/bin/env python3
"""How large the page of a large cluster is, and how long a browser takes to open and to filter it: 10,000 Deployments in 500 namespaces
(tests/cluster/scale/population.py). Not part of the ordinary run.

usage: measure.py [PROGRAM] [NAMESPACES]
"""
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/cluster"), str(ROOT / "tests/cluster/scale"), str(ROOT / "tests/page")]
import gpu_nodes  # noqa: E402
import population  # noqa: E402
from browser import Browser  # noqa: E402

TYPE = """(async () => {
  const field = document.getElementById('q'), before = document.querySelector('#workloads .count').textContent, start = performance.now();
  field.value = 'qwen 1g.10gb';
  field.dispatchEvent(new Event('input'));
  while (document.querySelector('#workloads .count').textContent === before) await new Promise((go) => setTimeout(go, 1));
  document.body.getBoundingClientRect();
  return Math.round(performance.now() - start);
})()"""


def cluster(spaces):
    gpu_nodes.NODES.clear()
    gpu_nodes.NODES.update(population.nodes())
    items = population.namespaces(spaces) + population.placed(200)
    for name, row in gpu_nodes.NODES.items():
        offers = {resource: str(count) for resource, count in row[4].items()}
        items.append(gpu_nodes.node(name) | {"status": {"capacity": offers, "allocatable": offers, "conditions": [{"type": "Ready", "status": "True"}]}})
    for index in range(spaces):
        items += population.running(population.namespace(index), index, 20)
    return {"apiVersion": "v1", "kind": "List", "items": items}


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/bin/rightslice"
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        objects, page = pathlib.Path(folder, "cluster.json"), pathlib.Path(folder, "page.html")
        objects.write_text(json.dumps(cluster(int(sys.argv[2]) if len(sys.argv) > 2 else 500)), encoding="utf-8")
        sizes = {}
        for form in ("json", "html"):
            start = time.monotonic()
            with page.open("wb") as out:
                subprocess.run([program, "scan", "--from", objects, "--at", "2026-06-01T00:00:00Z", "-o", form], stdout=out, stderr=subprocess.DEVNULL, check=True)
            sizes[form] = page.stat().st_size
            print(f"-o {form}: {sizes[form] / 1e6:.1f} MB in {time.monotonic() - start:.1f} s")
        print(f"memory of the program: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB at most, Chromium's first processes counted too")
        browser.screen(1440, 900)
        browser.open(page)
        browser.wait("document.documentElement.dataset.ready === 'yes'")
        print(f"opened and drawn: {browser.evaluate('Math.round(performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart)')} ms, "
              f"{browser.evaluate('document.querySelectorAll(`*`).length')} elements; filtered: {browser.evaluate(TYPE)} ms after the last key, of which it waits 80")


if __name__ == "__main__":
    main()
