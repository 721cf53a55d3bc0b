"""A team's own chart, with a slice that the policy rewrites: installed, upgraded, rolled back by the real helm."""
from helm import Helm as Program
from scenario import MEDIUM, ORIGINAL, Scenario, slice_name

ASKED, WRITTEN = slice_name("3g.40gb"), slice_name("1g.10gb")

CHART = "apiVersion: v2\nname: chat\nversion: 0.1.0\n"
VALUES = "slice: 3g.40gb\nfootprint: 6Gi\nimage: registry.example/model:1\n"
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      annotations: {rightslice.io/footprint: {{ .Values.footprint }}}
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
      containers:
        - name: model
          image: {{ .Values.image }}
          resources: {limits: {nvidia.com/mig-{{ .Values.slice }}: 1}}
"""


class Helm(Scenario):
    namespace = "inference-helm"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = Program(cls.admin, cls.namespace)
        cls.chart = cls.cluster.state / "chart"
        (cls.chart / "templates").mkdir(parents=True)
        for name, text in (("Chart.yaml", CHART), ("values.yaml", VALUES), ("templates/deployment.yaml", TEMPLATE)):
            (cls.chart / name).write_text(text, encoding="utf-8")

    def helm(self, *arguments, check=True):
        return self.program.run(*arguments, check=check)

    def upgrade(self, name, *flags, check=True):
        return self.helm("upgrade", "--install", name, self.chart, *flags, check=check)

    def state(self, name):
        stored = self.kubectl.get("deployment", name)
        return stored["metadata"]["generation"], stored["spec"]

    def story(self, name, *how):
        """The same chart again changes nothing; a change of something else keeps the slice; taking it over ends the matter."""
        self.upgrade(name, *how)
        self.assertEqual(self.limits("deployment", name), {WRITTEN: "1"})
        before = self.state(name)
        for _ in range(2):
            self.upgrade(name, *how)
            self.assertEqual(self.state(name), before)
        self.upgrade(name, *how, "--set", "image=registry.example/model:2")
        self.assertEqual(self.limits("deployment", name), {WRITTEN: "1"})
        self.upgrade(name, *how, "--set", "slice=2g.20gb", "--set", f"footprint={MEDIUM}")
        self.assertEqual(self.limits("deployment", name), {slice_name("2g.20gb"): "1"})
        self.helm("rollback", name, "1")
        self.assertEqual(self.limits("deployment", name), {WRITTEN: "1"})
        self.upgrade(name, *how, "--set", "slice=1g.10gb")
        self.assertEqual(self.limits("deployment", name), {WRITTEN: "1"})

    def test_server_side_as_helm_4_does(self):
        self.story("server", "--server-side=true")

    def test_client_side_as_helm_3_did(self):
        self.story("client", "--server-side=false")

    def test_a_denial_is_what_helm_prints_and_the_release_has_failed(self):
        printed = self.upgrade("denied", "--set", "slice=1g.10gb", "--set", f"footprint={MEDIUM}", check=False)
        self.assertNotEqual(printed.status, 0)
        self.assertIn("ask for nvidia.com/mig-1g.20gb (19.6 GiB) instead [policy inference, mode enforce;", printed.err)
        self.assertIn('"status":"failed"', self.helm("status", "denied", "-o", "json").out)
        self.upgrade("denied", "--set", "slice=1g.20gb", "--set", f"footprint={MEDIUM}")
        self.assertEqual(self.limits("deployment", "denied"), {slice_name("1g.20gb"): "1"})

    def test_a_release_that_is_removed_leaves_nothing(self):
        self.upgrade("removed")
        self.assertIn(ORIGINAL, str(self.state("removed")))
        self.helm("uninstall", "removed")
        self.assertEqual(self.kubectl.run("get", "deployment", "removed", check=False).status, 1)
