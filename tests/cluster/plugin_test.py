"""The program as kubectl's plugin."""
import hashlib
import os
import subprocess

import yaml

from checkout import ROOT
from scenario import Scenario, deployment


class Plugin(Scenario):
    namespace = "team-plugin"

    def setUp(self):
        self.folder = self.files(chat=deployment("chat", "1g.10gb", "60Gi"))
        (self.folder / "kubectl-rightslice").symlink_to(self.cluster.rightslice)

    def kubectl_finds(self, *arguments):
        """kubectl, with the plugin in PATH."""
        environment = self.kubectl.environment(self.folder)
        return subprocess.run([str(self.kubectl.program), *arguments], capture_output=True, text=True, check=False, cwd=self.folder, env=environment)

    def test_kubectl_finds_it_and_it_speaks_of_itself_as_it_is_called(self):
        self.assertIn(os.fspath(self.folder / "kubectl-rightslice"), self.kubectl_finds("plugin", "list").stdout)
        gpus = self.kubectl_finds("rightslice", "gpus")
        self.assertEqual((gpus.returncode, gpus.stderr), (0, ""))
        self.assertIn("NVIDIA-H100-80GB-HBM3", gpus.stdout)
        usage = self.kubectl_finds("rightslice", "check", "--help").stdout
        self.assertTrue(usage.startswith("kubectl rightslice check - "), usage)
        self.assertIn("\n  kubectl rightslice check [FLAG]... FILE|FOLDER|-...\n", usage)
        self.assertEqual(self.kubectl_finds("rightslice", "chek").stderr.splitlines()[-1], "Try 'kubectl rightslice --help'.")

    def test_the_manifest_for_krew_names_what_is_in_the_archive(self):
        (self.folder / "rightslice").write_text("the program")
        subprocess.run(["tar", "-czf", "r.tar.gz", "rightslice"], cwd=self.folder, check=True)
        printed = subprocess.run([ROOT / "deploy/krew/manifest", "v0.1.0", "r.tar.gz", "https://example.com/r.tar.gz"], cwd=self.folder, check=True,
                                 capture_output=True, text=True).stdout
        [platform] = yaml.safe_load(printed)["spec"]["platforms"]
        self.assertEqual(platform["sha256"], hashlib.sha256((self.folder / "r.tar.gz").read_bytes()).hexdigest())
        self.assertEqual((platform["bin"], platform["files"]), ("rightslice", [{"from": "rightslice", "to": "."}]))

    def test_statuses_and_the_flags_that_people_know_pass_through_kubectl(self):
        checked = self.kubectl_finds("rightslice", "check", "-n", self.namespace, "chat.yaml")
        self.assertEqual(checked.returncode, 1, checked.stderr)
        self.assertIn(f"{self.namespace}/chat", checked.stdout)
