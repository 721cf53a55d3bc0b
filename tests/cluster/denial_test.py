"""What a person reads who is denied, warned, recorded or let through."""
import yaml

from checkout import ROOT
from scenario import MEDIUM, VALIDATE, Scenario, deployment, slice_name

UNDERSIZED = ("Undersized: container model: asks for nvidia.com/mig-1g.10gb, but 1g.10gb holds 9.8 GiB, and the container cannot start with less "
              "than 12 GiB (footprint 12 GiB); ask for nvidia.com/mig-1g.20gb (19.6 GiB) instead [policy inference, mode enforce; see "
              "policies/findings/Undersized.md]")


class Denial(Scenario):
    namespace = "inference-denial"

    def test_a_denial_says_what_to_write_instead_and_nothing_is_stored(self):
        printed = self.apply_file("summarizer", deployment("summarizer", "1g.10gb", MEDIUM))
        self.assertEqual((printed.status, printed.out), (1, ""))
        self.assertEqual(printed.err, 'Error from server (Forbidden): error when creating "summarizer.yaml": admission webhook '
                                      f'"{VALIDATE}" denied the request: {UNDERSIZED}\n')
        self.assertEqual(self.kubectl.get("deployments")["items"], [])

    def test_what_the_denial_says_passes(self):
        printed = self.apply_file("summarizer", deployment("summarizer", "1g.20gb", MEDIUM))
        self.assertEqual((printed.status, printed.out, printed.err), (0, "deployment.apps/summarizer created\n", ""))
        self.kubectl.run("delete", "deployment", "summarizer")

    def test_every_finding_is_a_cause_with_its_place(self):
        status, answer = self.cluster.api.post(f"/apis/apps/v1/namespaces/{self.namespace}/deployments", deployment("causes", "1g.10gb", MEDIUM))
        self.assertEqual((status, answer["reason"], answer["code"]), (403, "Forbidden", 403))
        [cause] = answer["details"]["causes"]
        self.assertEqual((cause["reason"], cause["field"]),
                         ("Undersized", "/spec/template/spec/containers/0/resources/limits/nvidia.com~1mig-1g.10gb"))
        self.assertIn("ask for nvidia.com/mig-1g.20gb (19.6 GiB) instead", cause["message"])

    def test_a_warning_is_shown_and_the_object_is_stored(self):
        printed = self.apply_file("tight", deployment("tight", "1g.10gb", "9500Mi"))
        self.assertEqual((printed.status, printed.out), (0, "deployment.apps/tight created\n"))
        self.assertEqual(printed.err, "Warning: TightFit: model: needs 9.3 GiB, 1g.10gb holds 9.8 GiB; use nvidia.com/mig-1g.20gb\n")
        self.assertEqual(self.limits("deployment", "tight"), {slice_name("1g.10gb"): "1"})

    def test_what_fits_is_let_through_without_a_word(self):
        printed = self.apply_file("fits", deployment("fits", "1g.10gb"))
        self.assertEqual((printed.status, printed.out, printed.err), (0, "deployment.apps/fits created\n", ""))

    def test_a_server_side_dry_run_says_the_same_and_leaves_nothing(self):
        denied = self.apply_file("dry", deployment("dry", "1g.10gb", MEDIUM), "--dry-run=server")
        self.assertEqual(denied.status, 1)
        self.assertIn(f'admission webhook "{VALIDATE}" denied the request: {UNDERSIZED}\n', denied.err)
        warned = self.apply_file("dry", deployment("dry", "1g.10gb", "9500Mi"), "--dry-run=server")
        self.assertEqual((warned.status, warned.out), (0, "deployment.apps/dry created (server dry run)\n"))
        self.assertEqual(len(warned.warnings), 1)
        self.assertEqual(self.kubectl.run("get", "deployment", "dry", check=False).status, 1)

    def test_one_bad_object_of_a_file_does_not_hold_up_the_others(self):
        printed = self.apply_file("three", [deployment("first", "1g.10gb"), deployment("second", "1g.10gb", MEDIUM), deployment("third", "1g.10gb")])
        self.assertEqual(printed.status, 1)
        self.assertEqual(printed.out, "deployment.apps/first created\ndeployment.apps/third created\n")
        self.assertEqual(printed.err.count("denied the request"), 1)

    def test_all_kinds_that_run_pods_are_judged(self):
        template = deployment("any", "1g.10gb", MEDIUM)["spec"]["template"]
        selector = {"matchLabels": template["metadata"]["labels"]}
        once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
        kinds = {
            "Pod": {"apiVersion": "v1", "metadata": {**template["metadata"], "name": "any"}, "spec": template["spec"]},
            "ReplicaSet": {"apiVersion": "apps/v1", "spec": {"selector": selector, "template": template}},
            "StatefulSet": {"apiVersion": "apps/v1", "spec": {"serviceName": "any", "selector": selector, "template": template}},
            "DaemonSet": {"apiVersion": "apps/v1", "spec": {"selector": selector, "template": template}},
            "ReplicationController": {"apiVersion": "v1", "spec": {"selector": selector["matchLabels"], "template": template}},
            "Job": {"apiVersion": "batch/v1", "spec": {"template": once}},
            "CronJob": {"apiVersion": "batch/v1", "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once}}}},
        }
        for kind, rest in kinds.items():
            with self.subTest(kind=kind):
                printed = self.kubectl.apply({"kind": kind, "metadata": {"name": "any"}, **rest}, "--dry-run=server", check=False)
                self.assertEqual(printed.status, 1, printed.out)
                self.assertIn("denied the request: Undersized: container model: asks for nvidia.com/mig-1g.10gb", printed.err)

    def test_a_share_by_the_name_of_another_system_is_not_passed_over(self):
        """What `check` says of the file is said in the cluster too (tests/lint/deploy.py has all names)."""
        ways = {"volcano.sh/vgpu-number": "limits", "koordinator.sh/gpu-core": "limits", "aliyun.com/gpu-mem": "limits", "tencent.com/vcuda-core": "limits",
                "k8s.amazonaws.com/vgpu": "limits", "gpu-fraction": "annotations", "kubeshare/gpu_limit": "labels"}
        for name, where in ways.items():
            with self.subTest(name=name):
                each = deployment("shared", "1g.10gb")
                template = each["spec"]["template"]
                container = template["spec"]["containers"][0]
                container.pop("resources")
                if where == "limits":
                    container["resources"] = {"limits": {name: 1}}
                else:
                    template["metadata"][where][name] = "1"
                printed = self.apply_file("shared", each, "--dry-run=server")
                self.assertEqual(printed.out, "deployment.apps/shared created (server dry run)\n")
                self.assertEqual([line.partition(":")[0] for line in printed.warnings], ["NotJudged"], printed.err)

    def test_a_large_object_does_not_pass_the_cost_that_the_server_allows_for_conditions(self):
        """Beyond it the request would be refused, as it fails closed; 2,000 containers with 1,000 annotations were still within."""
        large = deployment("large", "1g.10gb", MEDIUM)
        template = large["spec"]["template"]
        template["metadata"]["annotations"] |= {f"example.com/gpu-note-{number}": "text" for number in range(100)}
        asked = {"cpu": "1", "memory": "1Gi", "example.com/other-device": 1}
        template["spec"]["containers"][:0] = [{"name": f"c{number}", "image": "registry.example/app:1", "resources": {"limits": asked, "requests": asked}} for number in range(300)]
        self.assertIn("denied the request: Undersized: container model", self.apply_file("large", large, "--server-side", "--dry-run=server").err)

    def test_what_asks_for_no_gpu_never_leaves_the_api_server(self):
        plain = deployment("plain", "1g.10gb")
        del plain["spec"]["template"]["spec"]["containers"][0]["resources"]
        self.kubectl.apply(plain)
        self.assertEqual(self.audited(name="plain", verb="create"), {})
        self.kubectl.run("label", "deployment", "plain", "tier=web")
        self.assertEqual(self.audited(name="plain", verb="patch"), {})


class Audit(Scenario):
    """A namespace that only the policy `audit` covers."""
    namespace = "research"

    def test_audit_mode_lets_pass_in_silence_and_records_in_the_audit_log(self):
        printed = self.apply_file("prototype", deployment("prototype", "1g.10gb", MEDIUM))
        self.assertEqual((printed.status, printed.out, printed.err), (0, "deployment.apps/prototype created\n", ""))
        self.assertEqual(self.limits("deployment", "prototype"), {slice_name("1g.10gb"): "1"})
        recorded = self.audited(resource="deployments", name="prototype", verb="create")
        self.assertEqual({key: value for key, value in recorded.items() if key.startswith(VALIDATE)}, {
            f"{VALIDATE}/decision": "allow", f"{VALIDATE}/would-be": "deny", f"{VALIDATE}/policy": "audit", f"{VALIDATE}/findings": "Undersized",
            f"{VALIDATE}/need": str(12 << 30), f"{VALIDATE}/requested": "nvidia.com/mig-1g.10gb:1",
            f"{VALIDATE}/recommended": "nvidia.com/mig-1g.20gb"})

    def test_what_enforcement_would_not_touch_is_recorded_as_allowed(self):
        self.kubectl.apply(deployment("right", "1g.10gb"))
        recorded = self.audited(resource="deployments", name="right", verb="create")
        self.assertEqual((recorded[f"{VALIDATE}/decision"], recorded[f"{VALIDATE}/would-be"]), ("allow", "allow"))
        self.assertNotIn(f"{VALIDATE}/findings", recorded)


class Examples(Scenario):
    """deploy/examples, as the quickstart and the README show them."""
    policies = {"strict.yaml": (ROOT / "policies/strict/policy.yaml").read_text(encoding="utf-8")}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("inference", "production", "research-examples"):
            cls.admin.run("create", "namespace", name)

    def shown(self, printed):
        return " ".join((printed.out + printed.err).split())

    def apply(self, name, *flags):
        return self.admin.run("apply", "-f", f"deploy/examples/{name}.yaml", *flags, check=False, folder=ROOT)

    def as_told(self, name):
        """What `rightslice check` and the quickstart's stand-in for kubectl make of an example: they must say what kubectl says."""
        folder = self.files()
        policies = "--policies policies/audit --policies policies/inference --policies policies/strict"
        view = "python3 -B deploy/examples/review.py"
        script = (f"{view} make deploy/examples/{name}.yaml >{folder}/review && rightslice review {policies} <{folder}/review >{folder}/answer\n"
                  f"{view} show deploy/examples/{name}.yaml {folder}/review {folder}/answer")
        return " ".join(self.cluster.checkout.run(script).split())

    def test_the_readme_shows_what_kubectl_prints(self):
        for name in ("oversized", "cannot-start", "fits"):
            with self.subTest(example=name):
                self.assertEqual(self.shown(self.apply(name)), self.as_told(name))

    def test_rewritten(self):
        printed = self.apply("rewritten")
        self.assertEqual(printed.status, 0, printed.err)
        self.assertEqual(printed.warnings, ["Oversized: container vllm: nvidia.com/mig-2g.20gb rewritten to nvidia.com/mig-1g.10gb"])
        [container] = self.admin.get("-n", "inference", "deployment", "classifier")["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["resources"]["limits"], {slice_name("1g.10gb"): "1"})

    def test_audited(self):
        text = yaml.safe_load((ROOT / "deploy/examples/audited.yaml").read_text())
        text["metadata"]["namespace"] = "research-examples"
        printed = self.admin.apply(text, check=False)
        self.assertEqual((printed.status, printed.err), (0, ""))
