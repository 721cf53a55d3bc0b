"""Policies that change while the webhook runs."""

import signal

import webhook


class Policies(webhook.TestCase):
    def setUp(self):
        self.root = webhook.pathlib.Path(webhook.tempfile.mkdtemp())
        self.addCleanup(webhook.shutil.rmtree, self.root, ignore_errors=True)
        self.mounted = webhook.Folder(self.root / "policies")

    def allowed(self, namespace="team-a"):
        return self.server.post("/validate", webhook.review(webhook.deployment(namespace))).response["allowed"]

    def publish(self, files):
        """Swaps the link and waits until the webhook has taken it."""
        before = self.server.metric("rightslice_policy_reload_total")
        self.mounted.publish(files)
        webhook.wait_until(self, lambda: self.server.metric("rightslice_policy_reload_total") > before, "the policies are read again")

    def test_a_change_is_taken_and_a_broken_one_keeps_the_last_good_version(self):
        team_a, team_b = webhook.policy(), webhook.policy("team-b")
        self.mounted.publish({"a.yaml": team_a, "b.yaml": team_b})
        self.server = webhook.Server(self, policies=self.mounted.path)
        digest = self.server.ready()["policies"]["digest"]
        self.assertFalse(self.allowed())

        self.publish({"a.yaml": webhook.policy(oversized="warn"), "b.yaml": team_b})
        self.assertTrue(self.allowed())
        self.assertNotEqual(self.server.ready()["policies"]["digest"], digest)
        self.assertIn(self.server.ready()["policies"]["digest"], self.server.ops("/metrics").body.decode())

        # a.yaml breaks and b.yaml changes: a stays as it was, b goes on.
        self.publish({"a.yaml": team_a.replace("mode:", "mood:"), "b.yaml": webhook.policy("team-b", oversized="warn")})
        self.assertTrue(self.allowed())
        self.assertTrue(self.allowed("team-b"))
        state = self.server.ready()
        self.assertTrue(state["ready"])
        self.assertEqual([name.rsplit("/", 1)[1] for name in state["policies"]["badFiles"]], ["a.yaml"])
        self.assertEqual(state["policies"]["keptFromBefore"], ["team-a/default"])
        self.assertEqual(self.server.metric("rightslice_policy_files_bad"), 1)
        self.assertTrue([line for line in self.server.log_lines() if line["msg"] == "policy file" and line["line"] > 0])

        # No YAML at all: still kept.
        self.publish({"a.yaml": "{", "b.yaml": team_b})
        self.assertTrue(self.allowed())
        self.assertFalse(self.allowed("team-b"))

        # Mended, and b.yaml is gone on purpose.
        self.publish({"a.yaml": team_a})
        self.assertFalse(self.allowed())
        self.assertTrue(self.allowed("team-b"))
        self.assertEqual(self.server.metric("rightslice_policy_files_bad"), 0)
        self.server.check_contract(self)

    def test_a_folder_that_vanishes_makes_it_unready_after_a_while_and_changes_no_verdict(self):
        self.mounted.publish({"a.yaml": webhook.policy()})
        self.server = webhook.Server(self, policies=self.mounted.path, arguments=["--max-policy-age", "10s"])
        self.assertEqual(self.server.ops("/readyz").status, 200)
        away = self.root / "away"
        self.mounted.path.rename(away)
        webhook.wait_until(self, lambda: self.server.ops("/readyz").status == 503, "unready")
        self.assertIn("--max-policy-age", self.server.ready()["reasons"][0])
        self.assertFalse(self.allowed())
        self.assertEqual(self.server.ops("/livez").status, 200)
        away.rename(self.mounted.path)
        webhook.wait_until(self, lambda: self.server.ops("/readyz").status == 200, "ready again")
        self.assertFalse(self.allowed())

    def test_sighup_reads_at_once(self):
        self.mounted.publish({"a.yaml": webhook.policy()})
        self.server = webhook.Server(self, policies=self.mounted.path)
        self.mounted.publish({"a.yaml": webhook.policy(oversized="warn")})
        self.server.process.send_signal(signal.SIGHUP)
        webhook.wait_until(self, self.allowed, "the new policy holds")
        webhook.wait_until(self, lambda: "SIGHUP" in self.server.log(), "the log says so")

    def test_it_starts_with_the_valid_ones_among_bad_files(self):
        self.mounted.publish({"a.yaml": webhook.policy(), "bad.yaml": webhook.policy("team-b").replace("enforce", "enforcd")})
        self.server = webhook.Server(self, policies=self.mounted.path)
        self.assertFalse(self.allowed())
        self.assertTrue(self.allowed("team-b"))
        self.assertIn("bad.yaml:5:", self.server.log())

    def test_it_does_not_start_without_a_valid_policy(self):
        self.mounted.publish({"bad.yaml": webhook.policy().replace("enforce", "enforcd")})
        server = webhook.Server(self, policies=self.mounted.path, expect_start=False)
        self.assertEqual(server.process.wait(webhook.PATIENCE), 2)
        self.assertIn("no valid policy", server.log())
        missing = webhook.Server(self, policies=self.root / "nowhere", expect_start=False)
        self.assertEqual(missing.process.wait(webhook.PATIENCE), 2)
