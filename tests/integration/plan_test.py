"""`rightslice plan --manifests` on files as people keep them: what git apply makes of the diff is what --write writes, and what is judged
again needs no change."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BINARY = os.environ["RIGHTSLICE_BINARY"]
CASE = pathlib.Path(__file__).parent.parent / "golden" / "commands" / "plan-manifests"
LOOK = ["--from", CASE / "cluster.yaml", "--policies", CASE / "policy.yaml", "--at", "2026-06-01T00:00:00Z", "--now", "2026-06-01"]


class ManifestsTest(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)
        for copy in ("diff", "write"):
            shutil.copytree(CASE / "deploy", self.folder / copy / "deploy")

    def plan(self, where, *flags):
        return subprocess.run([BINARY, "plan", *LOOK, "--manifests", "deploy", *flags], cwd=self.folder / where, capture_output=True, text=True, check=True)

    def states(self, where):
        plan = json.loads(self.plan(where, "-o", "json").stdout)
        return {each["name"]: each["manifest"]["changes"][0]["state"] for each in plan["recommendations"]}

    def texts(self, where):
        return {each.relative_to(self.folder / where): each.read_bytes() for each in (self.folder / where).rglob("*") if each.is_file()}

    def test_the_diff_and_the_files_say_the_same(self):
        before = self.texts("diff")
        diff = self.plan("diff", "-o", "patch").stdout
        self.assertEqual(before, self.texts("diff"), "-o patch wrote something")
        subprocess.run(["git", "apply", "--verbose"], input=diff, cwd=self.folder / "diff", text=True, check=True, capture_output=True,
                       env={**os.environ, "GIT_CEILING_DIRECTORIES": str(self.folder)})
        mode = 0o640
        os.chmod(self.folder / "write" / "deploy" / "team-a.yaml", mode)
        self.plan("write", "--write")
        self.assertNotEqual(before, self.texts("diff"))
        self.assertEqual(self.texts("diff"), self.texts("write"))
        self.assertEqual(os.stat(self.folder / "write" / "deploy" / "team-a.yaml").st_mode & 0o777, mode)
        self.assertEqual([], [each for each in self.texts("write") if each.suffix not in (".yaml", ".json")], "something was left beside the files")

    def test_what_was_changed_is_judged_again_without_a_finding(self):
        states = self.states("write")
        self.assertEqual(states, {"applied": "done", "classifier": "changed", "moved": "drift", "anchored": "changed", "flags": "changed", "nowhere": "missing",
                                  "twice": "ambiguous", "alone": "changed"})
        self.plan("write", "--write")
        report = subprocess.run([BINARY, "check", "--policies", CASE / "policy.yaml", "--now", "2026-06-01", "-o", "json", "deploy"], cwd=self.folder / "write",
                                capture_output=True, text=True, check=True)
        findings = {each["name"]: [finding["code"] for finding in each["findings"]] for each in json.loads(report.stdout)["results"]}
        for name in ("classifier", "anchored", "flags", "alone", "applied"):
            self.assertEqual(findings[name], [], name)
        self.assertIn("Oversized", findings["moved"], "the test must be able to fail")
        after = self.states("write")
        for name in ("classifier", "anchored", "flags", "alone"):
            self.assertEqual(after[name], "done", name)

    def test_a_file_by_several_names_is_one(self):
        folder = self.folder / "diff" / "deploy"
        (folder / "a-link.yaml").symlink_to("team-a.yaml")
        diff = self.plan("diff", "-o", "patch").stdout
        self.assertIn("--- a/deploy/team-a.yaml", diff)
        self.assertNotIn("a-link", diff, "the link is no file of its own")
        again = self.plan("diff", "--manifests", "../diff/deploy/team-a.yaml", "-o", "patch").stdout
        self.assertEqual(diff, again)

    def test_a_patch_names_files_from_here_or_not_at_all(self):
        twisted = subprocess.run([BINARY, "plan", *LOOK, "--manifests", "other/../../deploy", "-o", "patch"], cwd=self.folder / "diff" / "deploy", capture_output=True,
                                 text=True, check=True)
        self.assertIn("--- a/team-a.yaml", twisted.stdout)
        outside = subprocess.run([BINARY, "plan", *LOOK, "--manifests", "../team-a.yaml", "-o", "patch"], cwd=self.folder / "diff" / "deploy" / "other",
                                 capture_output=True, text=True, check=False)
        self.assertEqual((outside.returncode, outside.stdout), (2, ""))
        self.assertIn("../team-a.yaml: not in the patch, since it is not below this folder", outside.stderr)

    def test_a_file_that_may_not_be_written_is_said_and_left(self):
        if os.geteuid() == 0:
            self.skipTest("root may write any file")
        target = self.folder / "write" / "deploy" / "team-a.yaml"
        os.chmod(target, 0o444)
        before = target.read_bytes()
        done = subprocess.run([BINARY, "plan", *LOOK, "--manifests", "deploy", "--write"], cwd=self.folder / "write", capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("deploy/team-a.yaml: cannot be written", done.stderr)
        self.assertEqual(before, target.read_bytes())
