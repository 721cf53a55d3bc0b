"""What deploy/ and policies/ hold, as a real API server reads it."""
import yaml

from checkout import ROOT
from scenario import Scenario

CRDS = ("slicepolicies", "clusterslicepolicies", "sliceexceptions")


class Manifests(Scenario):
    namespace = "inference-manifests"

    def test_kustomize_builds_what_the_server_accepts(self):
        for overlay in ("audit", "self-managed", "enforce", "enforce-self-managed"):
            with self.subTest(overlay=overlay):
                built = self.admin.run("kustomize", ROOT / "deploy/kustomize/overlays" / overlay).out
                printed = self.admin.run("apply", "--dry-run=server", "-f", "-", stdin=built)
                self.assertEqual(printed.warnings, [])
                self.assertEqual(len(printed.out.splitlines()), len(list(yaml.safe_load_all(built))))

    def test_cert_manager_is_told_whose_bundle_to_keep(self):
        for overlay in ("cert-manager", "enforce-cert-manager"):
            with self.subTest(overlay=overlay):
                built = list(yaml.safe_load_all(self.admin.run("kustomize", ROOT / "deploy/kustomize/overlays" / overlay).out))
                hooks = [each for each in built if each["kind"].endswith("WebhookConfiguration")]
                self.assertEqual([each["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] for each in hooks], ["rightslice/rightslice"] * 2)
                plain = [each for each in built if not each["apiVersion"].startswith("cert-manager.io/")]
                self.assertEqual(self.admin.run("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump_all(plain)).warnings, [])


class Definitions(Scenario):
    """The CRDs: their schemas are structural, and refuse what the program's own reader refuses."""
    namespace = "team-definitions"

    def spec(self, **more):
        return {"mode": "enforce", **more}

    def policy(self, spec, kind="SlicePolicy", name="tried"):
        return {"apiVersion": "rightslice.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}

    def test_they_are_structural(self):
        for name in CRDS:
            conditions = {each["type"]: each for each in self.admin.get("crd", f"{name}.rightslice.io")["status"]["conditions"]}
            self.assertNotIn("NonStructuralSchema", conditions)
            self.assertEqual(conditions["Established"]["status"], "True")

    def test_the_shipped_policies_are_accepted_unchanged(self):
        for path in sorted(ROOT.glob("policies/*/policy.yaml")):
            with self.subTest(policy=path.parent.name):
                self.admin.run("apply", "--server-side", "-f", path)
                for written in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                    stored = self.admin.get(written["kind"].lower(), written["metadata"]["name"])
                    self.assertEqual(stored["spec"], written["spec"])
                self.admin.run("delete", "-f", path)

    def test_the_policies_of_the_examples_and_of_the_tests_are_accepted(self):
        for path in sorted([*ROOT.glob("tests/golden/check/*/policy.yaml")]):
            for written in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                with self.subTest(policy=str(path.relative_to(ROOT))):
                    written["metadata"].pop("namespace", None)
                    kubectl = self.admin if written["kind"] == "ClusterSlicePolicy" else self.kubectl
                    self.assertEqual(kubectl.run("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(written)).warnings, [])

    def test_what_cannot_be_is_refused_with_its_place(self):
        rows = {
            "no mode": ({}, "spec.mode: Required value"),
            "a mode of its own": ({"mode": "strict"}, 'spec.mode: Unsupported value: "strict"'),
            "an unknown field": (self.spec(modes="x"), 'unknown field "spec.modes"'),
            "an action that this finding has not": (self.spec(actions={"TightFit": "rewrite"}), "spec.actions.TightFit: Unsupported value"),
            "an unknown finding": (self.spec(actions={"TooBig": "deny"}), 'unknown field "spec.actions.TooBig"'),
            "a list for a text": (self.spec(headroom=["10%"]), "spec.headroom"),
            "no slices at all": (self.spec(slices={"tolerance": -1}), "spec.slices.tolerance"),
            "an empty name": (self.spec(gpus=[" "]), "spec.gpus[0]"),
        }
        for rule, (spec, place) in rows.items():
            with self.subTest(rule=rule):
                printed = self.kubectl.apply(self.policy(spec), check=False)
                self.assertEqual(printed.status, 1, printed.out)
                self.assertIn(place, printed.err)

    def test_short_names_columns_and_explanations(self):
        self.kubectl.apply(self.policy(self.spec(), name="default"))
        columns = self.kubectl.run("get", "slp").out.splitlines()
        self.assertEqual(columns[0].split()[:2], ["NAME", "MODE"])
        self.assertEqual(columns[1].split()[:2], ["default", "enforce"])
        self.assertIn("enforce acts; warn turns denials and rewrites into warnings", self.kubectl.run("explain", "slicepolicy.spec.mode").out)
        self.assertIn("slicepolicy.rightslice.io/default", self.kubectl.run("get", "rightslice", "-o", "name").out)
        self.kubectl.run("delete", "slp", "default")

    def test_an_exception_needs_an_owner_a_reason_and_an_end(self):
        whole = {"findings": ["Oversized"], "owner": "ml-platform", "reason": "migration", "expires": "2027-01-31"}
        self.kubectl.apply(self.policy(whole, kind="SliceException"), "--dry-run=server")
        for missing in whole:
            with self.subTest(missing=missing):
                spec = {key: value for key, value in whole.items() if key != missing}
                printed = self.kubectl.apply(self.policy(spec, kind="SliceException"), "--dry-run=server", check=False)
                self.assertIn(f"spec.{missing}: Required value", printed.err)
