"""Before anybody enforces: `check --against cluster`, `impact`, `replay` and `export`, each compared with what the API server then does."""
import copy
import datetime
import json
import os
import re
import subprocess

import yaml

from checkout import ROOT, section
from gpu_nodes import H100
from live_test import custom
from scenario import MEDIUM, SMALL, Scenario, deployment, slice_name
from server_process import PATIENCE

OFFERED = ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb"]
STATED = {"gpus": [H100], "slices": {"offered": OFFERED}, "load": {"concurrency": 8, "context": 4096}}


SOON = (datetime.date.today() + datetime.timedelta(days=60)).isoformat()


class Before(Scenario):
    def rightslice(self, *arguments, kubeconfig=None, folder=None, stdin=None, status=None):
        """The program as a person runs it: standard output; standard error is in self.err, the status in self.status."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.cluster.state), "KUBECONFIG": str(kubeconfig or self.admin.kubeconfig)}
        done = subprocess.run([self.cluster.rightslice, *map(str, arguments)], env=environment, cwd=folder or self.cluster.state, text=True,
                              input=stdin or "", capture_output=True, timeout=PATIENCE, check=False)
        self.err, self.status = done.stderr, done.returncode
        if status is not None:
            self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *arguments, **more):
        return json.loads(self.rightslice(*arguments, "-o", "json", **more))

    def as_user(self, name):
        """A kubeconfig of the administrator who acts as somebody else."""
        config = json.loads(self.admin.kubeconfig.read_text())
        config["users"][0]["user"]["as"] = name
        path = self.cluster.state / f"as-{name.replace(':', '-')}.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def accepted(self, *names):
        def all_of_them():
            for name in names:
                status = self.kubectl.get(name).get("status", {})
                if not any(each["type"] == "Accepted" and each["status"] == "True" for each in status.get("conditions", [])):
                    return False
            return True
        self.eventually(all_of_them, f"{names} are in force")

    def denied(self, each, kubectl=None):
        return "denied" in (kubectl or self.kubectl).apply(each, "--dry-run=server", check=False).err


class Check(Before):
    """The answer of `check --against cluster` is that of kubectl apply --dry-run=server."""
    namespace = "before-check"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kubectl.apply([deployment("worn", "1g.10gb", MEDIUM), deployment("held", "1g.10gb", replicas=4), deployment("parent", "1g.10gb", SMALL)])
        cls.kubectl.apply(deployment("again", "3g.40gb"))
        cls.kubectl.apply([
            custom("SlicePolicy", "enforced", mode="enforce", actions={"Oversized": "rewrite"}, budget={"gpus": 2}, **STATED),
            custom("SliceException", "legacy", kind="Deployment", name="legacy-*", findings=["Undersized"], owner="us", reason="moves",
                   expires=SOON)])
        cls.admin.run("create", "namespace", "before-audit")
        cls.admin.within("before-audit").apply(custom("SlicePolicy", "audited", mode="audit", **STATED))

    @classmethod
    def tearDownClass(cls):
        cls.admin.run("delete", "namespace", "before-check", "before-audit", "--wait=false")

    def server_says(self, each, kubectl):
        """What kubectl apply --dry-run=server shows, in the words of a decision."""
        printed = kubectl.apply(each, "--dry-run=server", "-o", "json", check=False)
        if "denied the request" in printed.err:
            return "deny"
        self.assertEqual(printed.status, 0, printed.err)
        spec = json.loads(printed.out)["spec"]
        limits = (spec["template"]["spec"] if "template" in spec else spec)["containers"][0]["resources"]["limits"]
        template = each["spec"]["template"]["spec"] if "template" in each["spec"] else each["spec"]
        asked = {key: str(value) for key, value in template["containers"][0]["resources"]["limits"].items()}
        return "rewrite" if limits != asked else "warn" if printed.warnings else "allow"

    def test_it_says_what_the_server_says(self):
        self.accepted("slicepolicy/enforced", "sliceexception/legacy")
        self.kubectl.apply(deployment("rewritten", "3g.40gb"))   # a rewrite that a second apply meets
        self.eventually(lambda: self.denied(deployment("many", "1g.10gb", replicas=12)), "what runs is counted")
        parent = self.kubectl.get("deployment", "parent")["metadata"]
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "parent", "uid": parent["uid"], "controller": True}
        child = deployment("parent-x", "1g.10gb", SMALL)
        child |= {"kind": "ReplicaSet", "metadata": {"name": "parent-x", "ownerReferences": [owner]}}
        forged = copy.deepcopy(child)
        forged["spec"]["template"] = deployment("forged", "1g.20gb", "25Gi")["spec"]["template"]
        forged["spec"]["selector"]["matchLabels"]["app"] = "forged"
        labelled = deployment("worn", "1g.10gb", MEDIUM)
        labelled["metadata"]["labels"] = {"team": "b"}
        unsaid = deployment("held", "1g.10gb")
        del unsaid["spec"]["replicas"]   # kubectl apply sets it to 1 where the last applied manifest named it
        cases = {
            "new and too small": (deployment("small", "1g.10gb", MEDIUM), "deny"),
            "new and too large": (deployment("large", "3g.40gb"), "rewrite"),
            "new and right": (deployment("right", "1g.10gb"), "allow"),
            "new and tight": (deployment("tight", "1g.10gb", "9500Mi"), "warn"),
            "there before, too small as before": (labelled, "warn"),
            "there before, and worse": (deployment("worn", "1g.10gb", "14Gi"), "deny"),
            "there before, too large as before": (deployment("again", "3g.40gb"), "warn"),
            "rewritten before": (deployment("rewritten", "3g.40gb"), "rewrite"),
            "within the budget": (deployment("few", "1g.10gb", replicas=2), "allow"),
            "over the budget": (deployment("many", "1g.10gb", replicas=12), "deny"),
            "over the budget, scaled": (deployment("held", "1g.10gb", replicas=16), "deny"),
            "without replicas": (unsaid, "allow"),
            "with an exception": (deployment("legacy-chat", "1g.10gb", MEDIUM), "allow"),
            "a child": (child, "allow"),
            "a child that asks for something else": (forged, "deny"),
        }
        for name, (each, expected) in cases.items():
            with self.subTest(case=name):
                folder = self.files(manifest=each)
                ours = self.json("check", "--against", "cluster", "--namespace", self.namespace, folder / "manifest.yaml")
                [result] = ours["results"]
                self.assertEqual(self.server_says(each, self.kubectl), expected)
                self.assertEqual((result["decision"], result["unknown"], self.err), (expected, [], ""), result["findings"])
                self.assertEqual(self.status, 1 if expected == "deny" else 0)

    def test_audit_mode_lets_pass_and_says_what_enforce_would_do(self):
        kubectl = self.admin.within("before-audit")
        each = deployment("wrong", "1g.10gb", MEDIUM)
        self.assertEqual(self.server_says(each, kubectl), "allow")
        [result] = self.json("check", "--against", "cluster", "--namespace", "before-audit", self.files(wrong=each) / "wrong.yaml")["results"]
        self.assertEqual((result["decision"], result["wouldBe"], result["policies"]), ("allow", "deny", ["before-audit/audited"]))

    def test_what_one_may_not_read_is_unknown(self):
        limited = self.as_user("system:serviceaccount:before-check:default")
        self.kubectl.run("create", "role", "reader", "--verb=get,list", "--resource=deployments.apps,slicepolicies.rightslice.io")
        self.kubectl.run("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=before-check:default")
        folder = self.files(wrong=deployment("wrong", "1g.10gb", MEDIUM))
        [result] = self.json("check", "--against", "cluster", "--namespace", self.namespace, folder / "wrong.yaml", kubeconfig=limited)["results"]
        self.assertEqual(result["decision"], "deny")
        self.assertIn("clusterslicepolicies.rightslice.io over namespace before-check", result["unknown"])
        self.assertIn("what else runs in namespace before-check", result["unknown"])
        self.assertIn("may not read clusterslicepolicies.rightslice.io", self.err)
        self.rightslice("check", "--against", "cluster", "--namespace", self.namespace, "--fail-on", "unknown", folder / "wrong.yaml", kubeconfig=limited,
                        status=1)

    def test_it_only_reads(self):
        self.rightslice("check", "--against", "cluster", "--namespace", self.namespace, self.files(one=deployment("one", "1g.10gb")) / "one.yaml", status=0)
        self.rightslice("impact", "--policies", self.policy_folder(mode="audit", **STATED), status=0)
        events = [json.loads(line) for line in self.cluster.control_plane.audit_log.read_text().splitlines()]
        written = [each for each in events if each.get("userAgent", "").startswith("rightslice/") and each["user"]["username"] == "admin"]
        self.assertEqual(written, [])

    def policy_folder(self, **spec):
        each = custom("SlicePolicy", "enforced", **spec)
        each["metadata"]["namespace"] = self.namespace
        return self.files(policy=each)


class Impact(Before):
    namespace = "before-impact"

    def proposed(self, **spec):
        each = custom("SlicePolicy", "default", **{"mode": "enforce", **STATED, **spec})
        each["metadata"]["namespace"] = self.namespace
        return self.files(policy=each)

    def test_it_shows_who_would_be_denied_and_so_it_is(self):
        self.kubectl.apply([deployment("good", "1g.10gb"), deployment("small", "1g.10gb", MEDIUM), deployment("large", "3g.40gb")])
        new = self.proposed(actions={"Oversized": "rewrite"})
        told = self.json("impact", "--policies", new, "--namespace", self.namespace, status=1)
        seen = {each["name"]: (each["decision"], each["onUpdate"]["decision"], each["today"]["decision"], each["ratchet"]) for each in told["results"]}
        self.assertEqual(seen, {"good": ("allow", "allow", "allow", False), "small": ("deny", "warn", "allow", True),
                                "large": ("rewrite", "warn", "allow", False)})
        counts = told["namespaces"][self.namespace]
        self.assertEqual((counts["newlyDenied"], counts["newlyRewritten"], counts["codes"]), (1, 1, {"Oversized": 1, "Undersized": 1}))
        text = self.rightslice("impact", "--policies", new, status=1)   # of all namespaces
        self.assertIn(f"DENY    Deployment {self.namespace}/small  today allow; what runs may be updated (ratchet)\n", text)

        self.kubectl.run("apply", "-f", new)
        self.accepted("slicepolicy/default")
        self.assertTrue(self.denied(deployment("small-copy", "1g.10gb", MEDIUM)))
        self.assertFalse(self.denied(deployment("small", "1g.10gb", MEDIUM, replicas=2)))
        again = self.json("impact", "--policies", new, "--namespace", self.namespace, status=0)
        self.assertEqual((again["summary"]["denied"], again["summary"]["newlyDenied"]), (1, 0))
        looser = self.json("impact", "--policies", self.proposed(mode="audit"), "--namespace", self.namespace, status=0)
        self.assertEqual((looser["summary"]["noLongerDenied"], looser["summary"]["wouldBeDenied"]), (1, 1))

    def test_the_readme_shows_what_it_prints(self):
        self.admin.run("create", "namespace", "team-a")
        self.addCleanup(self.admin.run, "delete", "namespace", "team-a", "--wait=false")
        team = self.admin.within("team-a")
        for example in ("cannot-start", "rewritten", "fits"):
            each = yaml.safe_load((ROOT / f"deploy/examples/{example}.yaml").read_text(encoding="utf-8"))
            each["metadata"].pop("namespace")
            team.apply(each)
        new = custom("SlicePolicy", "default", mode="enforce", actions={"Oversized": "rewrite"}, **STATED)
        new["metadata"]["namespace"] = "team-a"
        printed = self.rightslice("impact", "--policies", self.files(policy=new), "--namespace", "team-a", status=1).rstrip().splitlines()
        shown = re.search(r"```text\n(\$ rightslice impact .*?)```", section("README.md", "Before you enforce"), re.S)[1].rstrip().splitlines()
        self.assertEqual(printed[2:], shown[3:])   # below the command, and whose policies they are

    def test_without_a_cluster_it_says_so(self):
        self.rightslice("impact", "--policies", self.proposed(), "--kubeconfig", "/nowhere/config", status=2)
        self.assertIn("/nowhere/config: cannot be read", self.err)


class Replay(Before):
    """The audit log of the control plane records this namespace with its objects (control_plane.py)."""
    namespace = "replayed"

    def test_what_happened_is_judged_again(self):
        self.kubectl.apply([deployment("good", "1g.10gb"), deployment("small", "1g.10gb", MEDIUM), deployment("changed", "3g.40gb")])
        changed = deployment("changed", "3g.40gb")
        changed["metadata"]["labels"] = {"team": "b"}
        self.kubectl.apply(changed)
        self.kubectl.run("delete", "deployment", "good")
        policy = custom("SlicePolicy", "default", mode="enforce", actions={"Oversized": "deny"}, **STATED)
        policy["metadata"]["namespace"] = self.namespace
        log = self.cluster.control_plane.audit_log
        told = self.json("replay", "--policies", self.files(policy=policy), log, status=1)
        mine = [each for each in told["results"] if each["namespace"] == self.namespace and each["kind"] == "Deployment"]
        self.assertEqual([(each["name"], each["verb"], each["decision"], each["then"]["admitted"], each["then"]["decision"]) for each in mine], [
            ("good", "create", "allow", True, "allow"), ("small", "create", "deny", True, "allow"), ("changed", "create", "deny", True, "allow"),
            ("changed", "patch", "warn", True, "allow")])
        self.assertGreater(told["coverage"]["levelTooLow"], 0)
        self.assertEqual(told["coverage"]["unreadable"], 0)
        text = self.rightslice("replay", "--policies", self.files(policy=policy), "-", stdin=log.read_text() + "{\n", status=2)
        self.assertRegex(text, rf"DENY    Deployment {self.namespace}/small  -:\d+  \S+ create by admin  then allow ")
        self.assertRegex(self.err, r"-:\d+: is no JSON")


class Backstop(Before):
    """What `export` prints, applied to a cluster whose webhook knows no policy of the namespace: as if it were down."""
    namespace = "backstop"
    DENIED = {"mode": "enforce", "slices": {"denied": ["3g.*", "7g.*"]}}

    def policy(self, namespace, **spec):
        each = custom("SlicePolicy", "default", **spec)
        each["metadata"]["namespace"] = namespace
        return each

    def apply_export(self, what, *policies):
        exported = self.rightslice("export", what, "--policies", self.files(policy=list(policies)), status=0)
        self.admin.run("apply", "-f", "-", stdin=exported)
        self.addCleanup(self.admin.run, "delete", "validatingadmissionpolicies,validatingadmissionpolicybindings", "-l", "rightslice.io/export=vap")
        return exported

    def placed(self, kind, container, more=None):
        """A workload of a kind around one container."""
        spec = {"restartPolicy": "Never" if kind in ("Job", "CronJob") else "Always", "containers": [container], **(more or {})}
        template = {"metadata": {"labels": {"app": "x"}}, "spec": spec}
        selected = {"selector": {"matchLabels": {"app": "x"}}, "template": template}
        body = {"Pod": ("v1", spec), "Deployment": ("apps/v1", selected), "StatefulSet": ("apps/v1", {**selected, "serviceName": "x"}),
                "DaemonSet": ("apps/v1", selected), "ReplicaSet": ("apps/v1", selected), "Job": ("batch/v1", {"template": template}),
                "CronJob": ("batch/v1", {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}),
                "ReplicationController": ("v1", {"selector": {"app": "x"}, "template": template}),
                "LeaderWorkerSet": ("leaderworkerset.x-k8s.io/v1", {"leaderWorkerTemplate": {"size": 2, "workerTemplate": template}}),
                "JobSet": ("jobset.x-k8s.io/v1alpha2", {"replicatedJobs": [{"name": "x", "template": {"spec": {"template": template}}}]}),
                "Rollout": ("argoproj.io/v1alpha1", selected)}[kind]
        return {"apiVersion": body[0], "kind": kind, "metadata": {"name": "x"}, "spec": body[1]}

    @staticmethod
    def asking(resources, name="model"):
        return {"name": name, "image": "registry.example/model:1", "resources": {"limits": resources}}

    def test_an_admission_policy_denies_what_the_policy_denies_and_nothing_else(self):
        policy = self.policy(self.namespace, **self.DENIED)
        self.apply_export("vap", policy)
        plain = {"name": "plain", "image": "registry.example/proxy:1"}
        denied, allowed = self.asking({slice_name("3g.40gb"): 1}), self.asking({slice_name("1g.10gb"): 1})
        self.eventually(lambda: self.denied(self.placed("Pod", denied)), "the policy is in force")
        cases = {kind: self.placed(kind, denied) for kind in
                 ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "ReplicationController",
                  "LeaderWorkerSet", "JobSet", "Rollout")}
        cases |= {kind + ", allowed": self.placed(kind, allowed) for kind in ("Pod", "Deployment", "Job", "CronJob", "LeaderWorkerSet", "JobSet")}
        cases["an init container"] = self.placed("CronJob", plain, {"initContainers": [denied]})
        cases["a sidecar"] = self.placed("Deployment", plain, {"initContainers": [{**denied, "restartPolicy": "Always"}]})
        cases["the second container"] = self.placed("Deployment", plain, {"containers": [plain, denied]})
        for resource in ("nvidia.com/mig-3g.40gb.shared", "mig.das.com/3g.40gb", "mig.das.com/mig-7g.80gb", "nvidia.com/mig-7g.141gb", "nvidia.com/mig-2g.20gb",
                         "nvidia.com/mig-1g.10gb.me", "nvidia.com/mig-3g.71gb", "nvidia.com/gpu", "example.com/mig-3g.40gb", "cpu"):
            cases[resource] = self.placed("Pod", self.asking({resource: 1}))
        cases["none of it"] = self.placed("Pod", self.asking({slice_name("3g.40gb"): 0}))
        cases["beside another sharing system"] = self.placed("Pod", self.asking({slice_name("3g.40gb"): 1, "nvidia.com/gpumem": 1}))
        shared = self.placed("Deployment", denied)
        shared["spec"]["template"]["metadata"]["annotations"] = {"gpu-fraction": "0.5"}
        cases["under another sharing system"] = shared
        names = {f"case{index}": name for index, name in enumerate(cases)}
        folder = self.files(**{file: cases[name] for file, name in names.items()})
        told = self.json("check", "--policies", self.files(policy=policy), "--namespace", self.namespace, folder)["results"]
        for result in told:
            name = names[result["file"].removesuffix(".yaml").rpartition("/")[2]]
            with self.subTest(case=name):
                ours = any(finding["code"] == "ProfileNotAllowed" and finding["action"] == "deny" for finding in result["findings"])
                printed = self.kubectl.apply(cases.pop(name), "--dry-run=server", check=False)
                self.assertEqual("denied request: asks for a slice that policy" in printed.err, ours, printed.err)
                self.assertEqual(printed.status, 1 if ours else 0, printed.err)
        self.assertEqual(list(cases), [])

    def test_it_honours_mode_match_exemption_and_exception_and_what_was_there_before(self):
        spaces = [f"backstop-{name}" for name in ("audit", "warn", "match", "old")]
        for space in spaces:
            self.admin.run("create", "namespace", space)
        audit, warn, match, old = (self.admin.within(space) for space in spaces)
        denied = self.placed("Deployment", self.asking({slice_name("3g.40gb"): 1}))
        old.apply(denied)
        exempt = {"apiVersion": "rightslice.io/v1alpha1", "kind": "ClusterSlicePolicy", "metadata": {"name": "wide"}, "spec": {
            **self.DENIED, "namespaces": ["backstop-ma*", "backstop-old"], "match": {"kinds": ["Deployment"], "selector": {"matchLabels": {"tier": "gold"}}},
            "exempt": {"groups": ["break-glass"]}, "exceptions": {"namespaces": ["backstop-match"]}}}
        exception = custom("SliceException", "legacy", kind="Deployment", name="legacy-*", findings=["ProfileNotAllowed"], owner="us", reason="moves",
                           expires=SOON)
        exception["metadata"]["namespace"] = "backstop-match"
        self.apply_export("vap", self.policy("backstop-audit", **{**self.DENIED, "mode": "audit"}), self.policy("backstop-warn", **{**self.DENIED, "mode": "warn"}),
                          self.policy("backstop-old", **self.DENIED), exempt, exception)
        gold = copy.deepcopy(denied)
        gold["metadata"]["labels"] = {"tier": "gold"}
        legacy = copy.deepcopy(gold)
        legacy["metadata"]["name"] = "legacy-chat"
        self.eventually(lambda: self.denied(gold, match), "the policy of the cluster is in force")
        self.eventually(lambda: warn.apply(denied, "--dry-run=server").warnings, "the policy that warns is in force")
        self.assertFalse(self.denied(denied, match))
        self.assertFalse(self.denied(legacy, match))
        glass = match.apply(gold, "--dry-run=server", "--as=admin", "--as-group=break-glass", "--as-group=system:masters", check=False)
        self.assertEqual(glass.err, "")
        self.assertEqual(audit.apply(denied).err, "")
        recorded = self.eventually(lambda: [each for each in self.cluster.control_plane.audit_events(namespace="backstop-audit", verb="create")
                                            if "validation.policy.admission.k8s.io/validation_failure" in each.get("annotations", {})], "it is recorded")
        self.assertEqual(len(recorded), 1)
        relabelled = copy.deepcopy(denied)
        relabelled["metadata"]["labels"] = {"team": "b"}
        self.assertEqual(old.apply(relabelled).err, "")   # as the ratchet
        other = copy.deepcopy(denied)
        other["metadata"]["name"] = "other"
        self.eventually(lambda: self.denied(other, old), "a new one is denied")
        self.admin.run("delete", "namespace", *spaces, "--wait=false")

    def test_a_quota_denies_pods(self):
        self.admin.run("create", "namespace", "backstop-quota")
        kubectl = self.admin.within("backstop-quota")
        policy = self.policy("backstop-quota", **{**self.DENIED, "budget": {"gpus": 0.25}})
        exported = self.rightslice("export", "quota", "--policies", self.files(policy=policy), status=0)
        self.admin.run("apply", "-f", "-", stdin=exported)
        self.eventually(lambda: kubectl.get("resourcequota", "rightslice").get("status", {}).get("hard"), "the quota is counted")

        def pod(name, resource):
            each = self.placed("Pod", self.asking({resource: 1}))
            each["metadata"]["name"] = name
            return kubectl.apply(each, check=False)
        self.assertIn("exceeded quota: rightslice", pod("denied", slice_name("3g.40gb")).err)
        for name in ("first", "second"):
            self.assertEqual(pod(name, slice_name("1g.10gb")).err, "")
        self.assertIn("exceeded quota: rightslice", pod("third", slice_name("1g.10gb")).err)
        self.admin.run("delete", "namespace", "backstop-quota", "--wait=false")
