"""`rightslice scan -o html` in a headless Chromium: it opens, asks nobody, counts as -o json does, and can be used by keyboard and on a phone."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import demonstration  # noqa: E402
from browser import Browser, program  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("RIGHTSLICE_BINARY", str(ROOT / "build/dev/bin/rightslice"))
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e"
# Text on a ground, of both themes: what is read, as the browser has resolved it (WCAG 2.2, 1.4.3).
CONTRAST = """
(() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.checkVisibility({opacityProperty: true}) || node.closest('script, noscript, .faint, option')) continue;
    const style = getComputedStyle(node), a = light(parse(style.color)), b = light(ground(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), large = parseFloat(style.fontSize) >= 24;
    ++seen;
    if (ratio < (large ? 3 : 4.5)) bad.set(`${node.className || node.tagName} ${style.color}`, ratio.toFixed(2));
  }
  return {seen, bad: [...bad]};
})()
"""


def scan(*arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RIGHTSLICE_")}
    done = subprocess.run([BINARY, "scan", "--at", "2026-06-01T00:00:00Z", "--now", "2026-06-01", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stdout.decode()


def hostile():
    """A node and a workload whose names the API server would refuse: not everything that says it is one does."""
    node = demonstration.node(HOSTILE, demonstration.H100, 1, "mixed", {"1g.10gb": 7}, {}, {})
    container = {"name": HOSTILE, "image": HOSTILE, "resources": {"limits": {"nvidia.com/mig-1g.10gb": "1"}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": HOSTILE, "namespace": "team-a", "uid": "1", "annotations": {"rightslice.io/model": HOSTILE}},
           "spec": {"nodeName": HOSTILE, "containers": [container]}, "status": {"phase": "Running"}}
    return {"apiVersion": "v1", "kind": "List", "items": [node, pod]}


@unittest.skipUnless(program(), "Chromium is not installed: apt-get install chromium, or deploy/install-packages test")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="page-test-")
        here = pathlib.Path(cls.folder.name)
        demonstration.write(here)
        given = ["--from", str(here / "cluster.json"), "--metrics", str(here / "metrics.txt")]
        cls.json = json.loads(scan(*given, "-o", "json"))
        cls.page = here / "page.html"
        cls.page.write_text(scan(*given, "-o", "html"), encoding="utf-8")
        here.joinpath("hostile.json").write_text(json.dumps(hostile()), encoding="utf-8")
        cls.hostile = here / "hostile.html"
        cls.hostile.write_text(scan("--from", str(here / "hostile.json"), "-o", "html"), encoding="utf-8")
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def show(self, page=None, fragment="", **screen):
        self.browser.screen(**{"width": 1440, "height": 900, **screen})
        self.browser.open(page or self.page, fragment)
        if screen.get("script", True):
            self.assertEqual(self.js("document.documentElement.dataset.ready"), "yes", self.browser.errors)

    def js(self, expression):
        return self.browser.evaluate(expression)

    def count(self, table):
        return self.js(f"document.querySelector('#{table} .count').textContent")

    def settled(self, expression):
        self.browser.wait(expression)

    def tearDown(self):
        self.assertEqual((self.browser.console, self.browser.errors), ([], []))
        self.assertEqual([each for each in self.browser.requests if not each.startswith(("file:", "data:"))], [])
        self.assertLessEqual(len(self.browser.requests), 2)   # itself, and its empty icon

    def test_totals_are_those_of_json(self):
        self.show()
        results, money = self.json["results"], self.json["money"]
        number = lambda id: float(self.js(f"document.querySelector('#figure-{id} .value').textContent").replace(",", ""))   # noqa: E731
        self.assertEqual(number("gpus"), self.json["scan"]["gpus"])
        self.assertEqual(number("workloads"), len(results))
        self.assertEqual(number("findings"), sum(self.json["scan"]["findings"].values()))
        self.assertEqual(number("spend"), money["total"])
        self.assertAlmostEqual(number("waste"), sum(value for name, value in money["buckets"].items() if name not in ("right", "unknown")), 2)
        self.assertEqual(self.count("workloads"), f"{len(results)} workloads")
        self.assertRegex(self.count("findings"), rf": {sum(self.json['scan']['findings'].values())} of what runs,")
        # GPUs of the head, of the waterfall, and of the cluster are the same ones.
        gpus = [float(each) for each in self.js("[...document.querySelectorAll('.waterfall tbody td:last-child')].map((each) => each.textContent.replace(',', ''))")]
        self.assertAlmostEqual(gpus[0], self.json["scan"]["gpus"])
        self.assertAlmostEqual(sum(gpus[1:]), gpus[0])
        head = [float(each) for each in self.js("[...document.querySelectorAll('#figure-gpus dd b')].map((each) => each.textContent.replace(',', ''))")]
        self.assertAlmostEqual(sum(head), gpus[0])
        # Each view, row by row, adds up to the spend.
        for view in ("namespace", "model", "product", "workload", "node"):
            self.js(f"document.querySelector('[data-by={view}]').click()")
            self.assertIn(f"together {money['currency']} {money['total']:,.2f} a month", self.count("views"), view)
        # What is drawn of each bucket is what is counted: dark and stranded by their lengths.
        drawn = self.js("JSON.parse(document.getElementById('drawing').textContent).nodes.map((node) => node.gpus.flat().map((piece) => [piece[1], piece[0] / node.units]))")
        for state in ("dark", "stranded"):
            gpus = sum(share for node in drawn for name, share in node if name == state)
            self.assertAlmostEqual(gpus, money["gpuHours"]["buckets"][state] / 730, 2)
        self.assertEqual(self.js("document.querySelectorAll('.gpu').length"), self.json["scan"]["gpus"])

    def test_filters_and_sorts_with_the_state_in_the_address(self):
        self.show()
        self.js("document.querySelector('#q').focus()")
        self.browser.type("qwen speech")
        self.settled("document.querySelector('#workloads .count').textContent.startsWith('0 of')")
        self.js("document.querySelector('.clear').click()")
        self.assertEqual(self.js("location.hash"), "")
        self.browser.type("qwen2.5-32b")
        self.settled("document.querySelector('#workloads .count').textContent === '3 of 30 workloads'")
        self.assertIn("q=qwen2.5-32b", self.js("location.hash"))
        self.assertEqual(self.js("new Set([...document.querySelectorAll('.node')].map((each) => each.getAttribute('aria-label'))).size"), 3)
        self.js("document.querySelector('.clear').click()")
        for verdict, said in (("limit", "6 of 30 workloads"), ("idle", "8 of 30 workloads")):
            self.js(f"document.querySelector('[data-verdict={verdict}]').click()")
            self.assertEqual(self.count("workloads"), said)
        self.show(fragment="#ns=speech&code=Restarting&w=-cost")
        self.assertEqual(self.count("workloads"), "1 of 30 workloads")
        self.show(fragment="#w=-cost")
        costs = [float(each.replace(",", "")) for each in self.js("[...document.querySelectorAll('#workloads td.c-cost')].map((each) => each.textContent)") if each[0].isdigit()]
        self.assertEqual(costs, sorted(costs, reverse=True))
        self.assertEqual(self.js("[...document.querySelectorAll('#workloads [aria-sort]')].filter((each) => each.ariaSort === 'descending').map((each) => each.textContent)"), ["USD a month"])
        self.js("document.querySelector('#workloads th button').click()")
        names = self.js("[...document.querySelectorAll('#workloads tbody th')].map((each) => each.querySelector('small').textContent + each.querySelector('button').textContent)")
        self.assertEqual(names[0], "agents · Deploymentjudge")
        self.assertEqual([each.split(" ")[0] for each in names], sorted(each.split(" ")[0] for each in names))   # by namespace first
        self.assertIn("w=name", self.js("location.hash"))

    def test_by_keyboard_alone(self):
        self.show()
        press, focus = self.browser.press, lambda: self.js("document.activeElement.textContent")
        press("Tab")
        self.assertEqual(focus(), "Skip to what runs")
        self.assertNotEqual(self.js("getComputedStyle(document.activeElement).outlineStyle"), "none")
        press("Enter")
        self.assertEqual(self.js("document.activeElement.id"), "main")
        while not self.js("document.activeElement.classList.contains('piece')"):
            press("Tab")
        first = self.js("document.activeElement.getAttribute('aria-label')")
        self.assertEqual(first, "2g.12gb of gpu-12: Deployment vision/detector, acme/detector; right")
        self.assertFalse(self.js("document.getElementById('hint').hidden"))
        for key, there in (("ArrowRight", "gpu-12"), ("End", "gpu-12"), ("ArrowDown", "gpu-08"), ("ArrowUp", "gpu-12"), ("Home", "gpu-12")):
            press(key)
            self.assertIn(there, self.js("document.activeElement.getAttribute('aria-label')"), key)
        press("Enter")
        self.assertTrue(self.js("document.getElementById('detail').open"))
        self.assertIn("detector", focus())
        self.assertIn("open=vision", self.js("location.hash"))
        press("Tab")
        self.assertEqual(self.js("document.activeElement.getAttribute('aria-label')"), "Close")
        press("Escape")
        self.settled("!document.getElementById('detail').open")
        self.settled("location.hash === ''")   # a dialog tells of its end in a task of its own
        self.assertEqual(self.js("document.activeElement.getAttribute('aria-label')"), first)

    def test_one_workload_with_its_evidence(self):
        self.show(fragment="#open=chat/Deployment/summaries")
        said = self.js("document.getElementById('detail').innerText")
        it = next(each for each in self.json["results"] if each["name"] == "summaries")
        finding = next(each for each in it["observed"] if each["code"] == "NearCeiling")
        for text in [finding["message"], finding["remedy"], finding["evidence"][0]["value"], "vllm:kv_cache_usage_perc", "30/30 steps", it["containers"][0]["model"], *(each["name"] for each in it["pods"]),
                     *(term["from"] for term in it["containers"][0]["need"]["terms"])]:
            self.assertIn(text, said)
        self.js("history.pushState(null, '', '#'); dispatchEvent(new PopStateEvent('popstate'))")
        self.assertFalse(self.js("document.getElementById('detail').open"))
        self.show(fragment="#open=node/gpu-09")
        self.assertIn("cordoned", self.js("document.getElementById('detail').innerText.toLowerCase()"))
        self.show(fragment="#open=nobody/Pod/none&w=nonsense&by=nonsense&verdict=nonsense&q=%00%3C")
        self.assertFalse(self.js("document.getElementById('detail').open"))

    def test_hostile_names_are_text(self):
        self.show(self.hostile)
        self.assertEqual(self.js("document.querySelectorAll('img, script').length"), 12)
        # The mark that would turn the line round is shown as one that is not known.
        self.assertEqual(self.js("document.querySelector('#workloads .link').textContent"), HOSTILE.replace("\u202e", "\ufffd"))
        self.js("document.querySelector('#workloads .link').click()")
        self.assertEqual(self.js("document.querySelectorAll('img, script').length"), 12)
        self.assertIn("</script>", self.js("document.getElementById('detail-title').textContent"))
        with self.assertRaises(Exception):   # what the page's policy forbids
            self.js("document.body.innerHTML = '<b>x</b>'")
        self.browser.console.clear()         # the browser says so

    def test_what_it_shows_can_be_saved_as_json(self):
        self.show()
        self.js("globalThis.saved = []; URL.createObjectURL = (blob) => { saved.push(blob); return 'data:,'; }; HTMLAnchorElement.prototype.click = () => {}; document.getElementById('save').click()")
        self.assertEqual(json.loads(self.js("saved[0].text()")), self.json)

    def test_a_page_that_was_damaged_says_so(self):
        broken = pathlib.Path(self.folder.name, "broken.html")
        broken.write_text(self.page.read_text(encoding="utf-8").replace('id="scan">{', 'id="scan">['), encoding="utf-8")
        self.browser.screen(1440, 900)
        self.browser.open(broken)
        self.assertIn("This page could not be drawn", self.js("document.querySelector('main').innerText"))
        self.assertIn(f"{self.json['money']['total']:,.2f}", self.js("document.querySelector('main').innerText"))   # what needs no script is there
        self.assertEqual(self.js("document.querySelectorAll('main > .none').length"), 1)
        self.assertIn("SyntaxError", self.browser.errors[0])
        self.browser.errors.clear()

    def test_what_could_not_be_read_is_unknown(self):
        folder = pathlib.Path(self.folder.name)
        items = [each for each in json.loads(folder.joinpath("cluster.json").read_text(encoding="utf-8"))["items"] if each["kind"] == "Deployment"]
        folder.joinpath("blind.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
        blind = folder / "blind.html"
        blind.write_text(scan("--from", str(folder / "blind.json"), "-o", "html"), encoding="utf-8")
        self.show(blind)
        for part in ("figure-gpus", "figure-spend", "gpus", "money", "nodes"):
            self.assertIn("nodes could not be read", self.js(f"document.getElementById('{part}').innerText"), part)
        self.assertIn("there may be more", self.js("document.getElementById('figure-workloads').innerText"))
        self.assertEqual(self.js("document.querySelectorAll('#nodes table, #gpus .gpu').length"), 0)
        self.js("document.querySelector('#workloads .link').click()")
        self.assertIn("Unknown: no metrics were asked for", self.js("document.getElementById('detail').innerText"))

    def test_a_large_cluster_is_seen_at_one_look(self):
        folder = pathlib.Path(self.folder.name)
        items = [demonstration.node(f"n{number:03}", demonstration.H100, 8, "mixed", {"1g.10gb": 7}, {}, {}) for number in range(100)]
        folder.joinpath("many.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
        many = folder / "many.html"
        many.write_text(scan("--from", str(folder / "many.json"), "-o", "html"), encoding="utf-8")
        self.show(many)
        self.assertEqual(self.js("document.querySelectorAll('.strip .column').length"), 100)
        self.assertEqual(self.js("document.querySelectorAll('.node').length"), 32)
        self.js("document.querySelector('#map .more button').click()")
        self.assertEqual(self.js("document.querySelectorAll('.node').length"), 52)
        self.assertTrue(self.js("document.activeElement.textContent").startswith("n032"))
        self.js("document.querySelector('.column').focus()")
        self.browser.press("End")
        self.browser.press("Enter")
        self.assertIn("n099", self.js("document.getElementById('detail-title').textContent"))

    def test_on_a_phone(self):
        folder = pathlib.Path(self.folder.name)
        folder.joinpath("prices.yaml").write_text("currency: USD\ngpuHour: {H100 80GB SXM5: 99999, H200 141GB SXM5: 99999}\n", encoding="utf-8")
        dear = folder / "dear.html"
        dear.write_text(scan("--from", str(folder / "cluster.json"), "--prices", str(folder / "prices.yaml"), "-o", "html"), encoding="utf-8")
        for page in (self.page, self.hostile, dear):
            self.show(page, width=360, height=740, phone=True)
            self.assertEqual(self.js("document.documentElement.scrollWidth"), 360)
            self.js("document.querySelector('#workloads .link').click()")
            self.assertLessEqual(self.js("document.getElementById('detail').scrollWidth"), 360)

    def test_contrast(self):
        for dark in (False, True):
            self.show(dark=dark)
            for opened in (False, True):
                if opened:
                    self.js("document.querySelector('#workloads .link').click()")
                told = self.js(CONTRAST)
                self.assertGreater(told["seen"], 300)
                self.assertEqual(told["bad"], [], f"dark {dark}")

    def test_names_and_roles(self):
        self.show()
        self.assertEqual(self.js("[...document.querySelectorAll('button, a, input, select, [role=region], [role=group]')].filter((each) => !(each.ariaLabel || each.textContent.trim() || each.title)).map((each) => each.outerHTML)"), [])
        levels = self.js("[...document.querySelectorAll('h1, h2, h3, h4')].filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1]))")
        self.assertEqual(levels[0], 1)
        self.assertTrue(all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels)
        self.assertEqual(self.js("const ids = [...document.querySelectorAll('[id]')].map((each) => each.id); ids.length - new Set(ids).size"), 0)

    def test_without_scripts(self):
        self.show(script=False)
        said = re.sub(r"\s+", " ", self.js("document.body.innerText"))
        for text in ("Not seen", "Without JavaScript", "assistant-small", "gpu-09", "NearCeiling", f"{self.json['money']['total']:,.2f}"):
            self.assertIn(text, said)
        self.browser.screen(360, 740, phone=True, script=False)
        self.assertEqual(self.js("document.documentElement.scrollWidth"), 360)
        self.browser.screen(1440, 900)


if __name__ == "__main__":
    unittest.main()
