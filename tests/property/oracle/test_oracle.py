"""Hand-computed examples for the oracle itself: each number was worked out from the design, not from the code."""
import copy
import datetime
import pathlib
import unittest
from fractions import Fraction

import verdict
import yamltext
from catalogue import MIB, Catalogue, usable
from generator import Generator
from patching import Failed, apply_patch
from policies import Policy, glob
from quantity import parse, whole_bytes
from verdict import World
from workload import Workload

CATALOGUE = Catalogue(pathlib.Path(__file__).resolve().parents[3] / "policies" / "catalogue" / "gpus.json")
H100 = "NVIDIA-H100-80GB-HBM3"
GIB = 1 << 30


def policy(cluster=False, name="p", **spec):
    body = {"mode": "enforce", "gpus": [H100], **spec}
    meta = {"name": name} if cluster else {"name": name, "namespace": "team-a"}
    return {"apiVersion": "rightslice.io/v1alpha1", "kind": "ClusterSlicePolicy" if cluster else "SlicePolicy",
            "metadata": meta, "spec": body}


def deployment(resources, notes=None, **spec):
    template = {"metadata": {"annotations": notes or {}},
                "spec": {"containers": [{"name": "main", "image": "acme/server:1", "resources": resources}], **spec}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app", "namespace": "team-a"},
            "spec": {"template": template}}


def asks(key, count="1", **notes):
    return deployment({"limits": {key: count}}, {"rightslice.io/" + k.replace("_", "-"): v for k, v in notes.items()})


def judged(manifest, *policies, **world):
    old = world.pop("old", None)
    surroundings = World(CATALOGUE, [Policy(p) for p in policies], **world)
    return verdict.judge(surroundings, Workload(manifest), Workload(old) if old else None)


def codes(expected):
    return [(f.code, f.action) for f in expected.findings]


class Quantities(unittest.TestCase):
    def test_the_grammar_of_kubernetes(self):
        for text, value in (("1000m", 1), ("1.0", 1), ("1e0", 1), ("1k", 1000), ("1Ki", 1024), (".5", Fraction(1, 2)),
                            ("5.", 5), ("1E", 10**18), ("1E1", 10), ("-1", -1), ("+2", 2), (3, 3), ("100n", Fraction(1, 10**7))):
            self.assertEqual(parse(text), value, text)
        for text in ("", "abc", "1Kb", "1 Gi", "0x1", "1e", "--1", None, True):
            self.assertIsNone(parse(text), text)

    def test_bytes_are_whole_and_above_zero(self):
        self.assertEqual(whole_bytes("7.5Gi"), 8053063680)
        self.assertIsNone(whole_bytes("0"))
        self.assertIsNone(whole_bytes("-1Gi"))


class Slices(unittest.TestCase):
    def holds(self, title, name):
        product = next(p for p in CATALOGUE.products if p.title == title)
        return product.holds(name)

    def test_a_measured_slice_holds_its_smallest_observed_mib(self):
        self.assertEqual(self.holds("H100 80GB SXM5", "3g.40gb"), (40448 * MIB, True))
        self.assertEqual(self.holds("B200 180GB", "1g.23gb"), (20992 * MIB, True))

    def test_a_variant_holds_the_smaller_memory(self):
        self.assertEqual(self.holds("GB200 186GB", "1g.24gb"), (20480 * MIB, True))
        self.assertEqual(self.holds("GB200 186GB", "3g.95gb"), (93184 * MIB, False))

    def test_stand_ins(self):
        self.assertEqual(self.holds("H20 96GB", "4g.48gb"), (48512 * MIB, False))      # as many memory slices
        self.assertEqual(self.holds("H20 96GB", "7g.96gb"), (97024 * MIB, False))      # twice 3g.48gb
        self.assertEqual(self.holds("GH200 144GB HBM3e", "3g.72gb"), (72192 * MIB, False))
        self.assertEqual(self.holds("A800 40GB", "1g.5gb"), (4249 * MIB, False))       # 5 x 1024 x 0.83 = 4249.6
        self.assertEqual(self.holds("RTX PRO 5000 Blackwell 48GB", "1g.24gb"), (20398 * MIB, False))
        self.assertEqual(self.holds("Jetson/DRIVE Thor iGPU (GB10B)", "1g.0gb"), (None, False))

    def test_a_stand_in_counts_only_beside_no_measured_value(self):
        both = [p for p in CATALOGUE.products if p.title in ("A100 80GB", "A800 80GB")]
        self.assertEqual(usable(both, "3g.40gb"), (40192 * MIB, 40192 * MIB, False))

    def test_names_of_products(self):
        for name in (H100, "h100 80gb hbm3", "H100-80GB-HBM3", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb", "H100 SXM",
                     "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me-SHARED", "NVIDIA-H100-80GB-HBM3-SHARED", "H100 80GB SXM5"):
            self.assertEqual(CATALOGUE.product(name).title, "H100 80GB SXM5", name)
        self.assertIsNone(CATALOGUE.product("NVIDIA-L4"))

    def test_a_variant_counts_unnamed_only_where_nobody_owns_the_name(self):
        self.assertNotIn("GB200 186GB", [p.title for p in CATALOGUE.offering("1g.24gb")])
        self.assertEqual([p.title for p in CATALOGUE.offering("7g.79gb")], ["A100 80GB"])


class Fit(unittest.TestCase):
    USABLE = 20096 * MIB  # 1g.20gb and 2g.20gb of the H100

    def test_the_boundaries_to_the_byte(self):
        # usable x 100 >= need x 110: 21072183296 x 10 / 11 = 19156530269.09
        edge = 19156530269
        for need, code in ((edge, None), (edge + 1, "TightFit"), (self.USABLE, "TightFit"), (self.USABLE + 1, "Undersized")):
            found = judged(asks("nvidia.com/mig-2g.20gb", footprint=str(need)), policy(slices={"offered": ["2g.20gb"]}))
            self.assertEqual([c for c, _ in codes(found)], [code] if code else [], need)

    def test_oversized_recommends_the_smallest_class_and_the_compute_asked_for(self):
        spec = {"slices": {"offered": ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb"]}, "actions": {"Oversized": "deny"}}
        found = judged(asks("nvidia.com/mig-3g.40gb", footprint="15Gi"), policy(**spec))
        self.assertEqual(codes(found), [("Oversized", "deny")])
        self.assertEqual(found.facts["main"].recommended["resource"], "nvidia.com/mig-2g.20gb")
        spec["slices"]["prefer"] = "density"
        found = judged(asks("nvidia.com/mig-3g.40gb", footprint="15Gi"), policy(**spec))
        self.assertEqual(found.facts["main"].recommended["profile"], "1g.20gb")

    def test_tolerance_counts_from_the_recommended_class(self):
        slices = {"offered": ["1g.10gb", "2g.20gb", "3g.40gb"]}
        for tolerance, finds in ((0, True), (1, True), (2, False)):
            found = judged(asks("nvidia.com/mig-3g.40gb", footprint="5Gi"), policy(slices={**slices, "tolerance": tolerance}))
            self.assertEqual(bool(found.findings), finds, tolerance)

    def test_without_an_offer_or_a_stated_load_oversized_only_warns(self):
        actions = {"Oversized": "deny"}
        self.assertEqual(codes(judged(asks("nvidia.com/mig-7g.80gb", footprint="5Gi"), policy(actions=actions))),
                         [("Oversized", "warn")])
        models = [{"model": "acme/*", "weights": "2Gi", "kvPerToken": "64Ki"}]
        manifest = asks("nvidia.com/mig-7g.80gb", model="acme/x")
        spec = {"actions": actions, "models": models, "slices": {"offered": ["1g.10gb"]}}
        found = judged(manifest, policy(**spec))
        self.assertEqual(codes(found), [("Oversized", "warn")])
        self.assertEqual(found.facts["main"].need, 4 * GIB)   # 2 Gi + 64 Ki x 8 x 4096
        self.assertEqual(codes(judged(manifest, policy(**spec, load={"concurrency": 8}))), [("Oversized", "deny")])

    def test_a_stand_in_alone_never_denies(self):
        found = judged(asks("nvidia.com/mig-3g.40gb", footprint="60Gi"), policy(gpus=["A800 80GB"]))
        self.assertEqual(codes(found), [("Undersized", "warn")])

    def test_a_set_is_undersized_by_its_largest_and_tight_by_its_smallest(self):
        gpus = ["A100-80GB", H100]  # 3g.40gb: 40192 and 40448 MiB
        for need, code in ((40448 * MIB + 1, "Undersized"), (40448 * MIB, "TightFit"), (40192 * MIB * 100 // 110, None)):
            found = judged(asks("nvidia.com/mig-3g.40gb", footprint=str(need)),
                           policy(gpus=gpus, slices={"offered": ["3g.40gb"]}))
            self.assertEqual([c for c, _ in codes(found)], [code] if code else [])
            self.assertEqual(found.facts["main"].requested["usableBytes"], 40192 * MIB)

    def test_a_declaration_is_shared_by_whole_gpus(self):
        manifest = asks("nvidia.com/gpu", "4", footprint="100000000001")
        found = judged(manifest, policy(gpuResource="whole", slices={"offered": []}))
        self.assertEqual(found.facts["main"].need, 25000000001)
        self.assertEqual(found.facts["main"].recommended, {"resource": "nvidia.com/gpu", "count": 2})
        self.assertEqual(codes(found), [("Oversized", "warn")])

    def test_media_marks_are_kept(self):
        found = judged(asks("nvidia.com/mig-2g.20gb", footprint="5Gi"), policy(slices={"offered": ["1g.10gb+me"]}))
        self.assertEqual(found.findings, [])


class Requests(unittest.TestCase):
    def test_what_a_quantity_may_be(self):
        for count in ("500m", "-1", "abc", ""):
            self.assertEqual(codes(judged(asks("nvidia.com/mig-1g.10gb", count, footprint="1Gi"), policy())),
                             [("InvalidQuantity", "deny")], count)
        self.assertEqual(judged(asks("nvidia.com/mig-1g.10gb", "0"), policy()).findings, [])
        for resources in ({"requests": {"nvidia.com/gpu": 1}}, {"limits": {"nvidia.com/gpu": 1}, "requests": {"nvidia.com/gpu": 2}}):
            found = judged(deployment(resources), policy(gpuResource="whole"))
            self.assertEqual([c for c, _ in codes(found)], ["InvalidQuantity"])

    def test_the_meaning_of_nvidia_com_gpu(self):
        plain = asks("nvidia.com/gpu", footprint="5Gi")
        self.assertEqual(codes(judged(plain, policy())), [("NotJudged", "warn")])
        self.assertEqual(judged(plain, policy(gpuResource="1g.10gb")).facts["main"].requested["profile"], "1g.10gb")
        labelled = copy.deepcopy(plain)
        labelled["spec"]["template"]["spec"]["nodeSelector"] = {"nvidia.com/gpu.product": H100 + "-MIG-2g.20gb"}
        self.assertEqual(judged(labelled, policy(gpuResource="whole")).facts["main"].requested["profile"], "2g.20gb")

    def test_a_name_that_no_product_has_and_one_that_another_product_has(self):
        self.assertEqual(codes(judged(asks("nvidia.com/mig-9g.99gb"), policy())), [("UnknownProfile", "warn")])
        self.assertEqual(codes(judged(asks("nvidia.com/mig1g.5gb"), policy())), [("UnknownProfile", "warn")])
        self.assertEqual(codes(judged(asks("nvidia.com/mig-1g.5gb", footprint="1Gi"), policy())), [("ProfileNotOnGpu", "warn")])
        nodes = [{"name": "n", "labels": {"nvidia.com/gpu.product": H100}, "allocatable": {"nvidia.com/gpu": "8"}}]
        self.assertEqual(codes(judged(asks("nvidia.com/mig-1g.5gb", footprint="1Gi"), policy(), nodes=nodes)),
                         [("ProfileNotOnGpu", "deny")])

    def test_affinity_is_a_union_and_an_open_term_leaves_it_open(self):
        manifest = asks("nvidia.com/mig-1g.10gb", footprint="1Gi")
        rule = {"key": "nvidia.com/gpu.product", "operator": "In", "values": ["NVIDIA-A100-SXM4-80GB"]}
        terms = [{"matchExpressions": [rule]}, {"matchExpressions": [{**rule, "values": [H100]}]}]
        manifest["spec"]["template"]["spec"]["affinity"] = {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
        found = judged(manifest, policy(gpus=["H100 PCIe"]))
        self.assertEqual(found.facts["main"].requested["gpus"], ["A100 80GB", "H100 80GB SXM5"])
        terms.append({"matchExpressions": [{**rule, "operator": "NotIn"}]})
        self.assertEqual(judged(manifest, policy(gpus=["H100 PCIe"])).facts["main"].requested["gpus"], ["H100 80GB PCIe"])

    def test_a_gpu_that_the_catalogue_lacks_is_nothing_to_judge_by(self):
        spec = {"gpuResource": "whole", "slices": {"offered": ["1g.10gb", "3g.40gb"]}, "actions": {"Oversized": "rewrite"}}
        rule = {"key": "nvidia.com/gpu.product", "operator": "In", "values": ["NVIDIA-L4", H100]}
        for place in ({"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-L4"}}, {"affinity": {"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}}}):
            for key in ("nvidia.com/gpu", "nvidia.com/mig-3g.40gb"):
                manifest = asks(key, footprint="5Gi")
                manifest["spec"]["template"]["spec"].update(place)
                found = judged(manifest, policy(**spec))
                self.assertEqual((codes(found), found.patched), ([], None))
        # Another place that names only known products rules the unknown ones out.
        manifest["spec"]["template"]["spec"]["nodeSelector"] = {"nvidia.com/gpu.product": H100}
        self.assertEqual(codes(judged(manifest, policy(**spec))), [("Oversized", "rewrite")])

    def test_a_candidate_holds_what_the_smallest_gives_on_which_the_pod_may_land(self):
        nodes = [{"labels": {"nvidia.com/gpu.product": "NVIDIA-H20"}, "allocatable": {"nvidia.com/mig-3g.48gb": "1", "nvidia.com/mig-1g.24gb": "2"}},
                 {"labels": {"nvidia.com/gpu.product": "NVIDIA-H100-NVL"}, "allocatable": {"nvidia.com/mig-1g.24gb": "4"}}]
        h20, nvl = (usable([CATALOGUE.product(n["labels"]["nvidia.com/gpu.product"])], "1g.24gb")[0] for n in nodes)
        self.assertLess(nvl, h20)
        open_set = {"mode": "enforce", "headroom": "0%"}
        for need, finds in ((nvl, True), (nvl + 1, False)):
            body = policy()
            body["spec"] = open_set
            found = judged(asks("nvidia.com/mig-3g.48gb", footprint=str(need)), body, nodes=nodes)
            self.assertEqual([c for c, _ in codes(found)], ["Oversized"] if finds else [])


class Verdicts(unittest.TestCase):
    REWRITE = {"slices": {"offered": ["1g.10gb", "3g.40gb"]}, "actions": {"Oversized": "rewrite"}}

    def test_a_rewrite_swaps_the_key_and_says_so(self):
        found = judged(asks("nvidia.com/mig-3g.40gb", footprint="5Gi"), policy(**self.REWRITE))
        self.assertEqual(found.decision, "rewrite")
        template = found.patched["spec"]["template"]
        self.assertEqual(template["spec"]["containers"][0]["resources"]["limits"], {"nvidia.com/mig-1g.10gb": "1"})
        self.assertEqual(template["metadata"]["annotations"][verdict.ORIGINAL],
                         "main=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb")

    def test_what_the_patch_repairs_is_not_denied(self):
        denied = {"slices": {**self.REWRITE["slices"], "denied": ["3g.*"]}, "actions": self.REWRITE["actions"]}
        found = judged(asks("nvidia.com/mig-3g.40gb", footprint="5Gi"), policy(**denied))
        self.assertEqual(codes(found), [("ProfileNotAllowed", "deny"), ("Oversized", "rewrite")])
        self.assertEqual(found.decision, "rewrite")

    def test_modes(self):
        manifest = asks("nvidia.com/mig-1g.10gb", footprint="50Gi")
        for mode, decision, would in (("enforce", "deny", None), ("warn", "warn", "deny"), ("audit", "allow", "deny")):
            found = judged(manifest, policy(mode=mode))
            self.assertEqual((found.decision, found.would_be, found.mode), (decision, would, mode))

    def test_exceptions_by_day(self):
        manifest = asks("nvidia.com/mig-1g.10gb", footprint="50Gi")
        for days, action in ((14, "allow"), (13, "warn"), (0, "warn"), (-1, "deny")):
            until = datetime.date(2026, 9, 1) + datetime.timedelta(days=days)
            item = {"metadata": {"namespace": "team-a"}, "spec": {
                "kind": "*", "name": "a*", "findings": ["Undersized"], "expires": str(until)}}
            self.assertEqual(codes(judged(manifest, policy(), exceptions=[item])), [("Undersized", action)], days)

    def test_the_ratchet_lets_what_is_no_worse_pass(self):
        old, worse = asks("nvidia.com/mig-1g.10gb", footprint="50Gi"), asks("nvidia.com/mig-1g.10gb", footprint="51Gi")
        self.assertEqual(judged(old, policy(), old=old).decision, "warn")
        self.assertEqual(judged(worse, policy(), old=old).decision, "deny")
        self.assertEqual(judged(old, policy(ratchet=False), old=old).decision, "deny")

    def test_cluster_policies(self):
        manifest = asks("nvidia.com/mig-1g.10gb", footprint="50Gi")
        cluster = policy(True, "c", namespaces=["team-*"], overridable=True)
        self.assertEqual(judged(manifest, cluster).policies, ["c"])
        self.assertEqual(judged(manifest, cluster, policy(mode="audit")).policies, ["team-a/p"])
        selecting = policy(True, "c", namespaceSelector={"matchLabels": {"a": "b"}})
        self.assertTrue(judged(manifest, selecting).hangs_on_labels)
        self.assertEqual(judged(manifest, selecting, namespaces={"team-a": {"a": "b"}}).policies, ["c"])

    def test_declarations_of_the_policy_are_not_loosened_by_annotations(self):
        models = [{"model": "acme/*", "memory": "30Gi"}]
        manifest = asks("nvidia.com/mig-1g.10gb", footprint="5Gi")
        container = manifest["spec"]["template"]["spec"]["containers"][0]
        container["image"], container["args"] = "vllm/vllm-openai:v0.11.0", ["--model", "acme/x"]
        self.assertEqual(judged(manifest, policy(models=models)).decision, "allow")
        found = judged(manifest, policy(True, "c", models=models))
        self.assertEqual((found.decision, found.facts["main"].need), ("deny", 30 * GIB))

    def test_both_keys_together_are_denied_and_patched_back(self):
        once = judged(asks("nvidia.com/mig-3g.40gb", footprint="5Gi"), policy(**self.REWRITE)).patched
        self.assertIsNone(judged(once, policy(**self.REWRITE)).patched)
        both = copy.deepcopy(once)
        both["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/mig-3g.40gb"] = "1"
        found = judged(both, policy(**self.REWRITE))
        self.assertTrue(found.both_denied)
        self.assertEqual(verdict.normal(found.patched), verdict.normal(once))

    def test_money(self):
        prices = {"currency": "USD", "gpuHour": {H100: 2}}
        found = judged(asks("nvidia.com/mig-3g.40gb", footprint="5Gi"), policy(), prices=prices)
        world = World(CATALOGUE, [], prices=prices)
        money = verdict.monthly(world, found.work, found.facts["main"])
        self.assertEqual((money["requested"], money["recommended"], money["waste"]), (730, Fraction(365, 2), Fraction(1095, 2)))

    def test_a_budget_counts_the_input_in_order(self):
        world = World(CATALOGUE, [Policy(policy(budget={"gpus": 1}))])
        manifests = [asks("nvidia.com/mig-3g.40gb", footprint="35Gi") for _ in range(3)]
        found = verdict.judge_input(world, manifests)
        self.assertEqual(["OverBudget" in [c for c, _ in codes(f)] for f in found], [False, False, True])

    def test_an_autoscaler_counts_with_its_maximum(self):
        world = World(CATALOGUE, [Policy(policy(budget={"gpus": 2}))])
        manifests = [asks("nvidia.com/mig-3g.40gb", footprint="35Gi") for _ in range(2)]
        manifests[0]["metadata"]["name"] = "scaled"
        for most, expected in ((3, [False, False]), (4, [False, True]), (5, [True, True])):
            scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", **{k: v for k, v in manifests[0]["metadata"].items() if k == "namespace"}},
                      "spec": {"maxReplicas": most, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": manifests[0]["kind"], "name": "scaled"}}}
            found = verdict.judge_input(world, [*manifests, scaler])[:2]
            self.assertEqual(["OverBudget" in [c for c, _ in codes(f)] for f in found], expected, most)


class Machinery(unittest.TestCase):
    def test_globs(self):
        self.assertTrue(glob("*g.1?gb", "1g.10gb") and glob("*", "") and not glob("1g.*", "11g.5gb") and not glob("a.c", "abc"))

    def test_patches(self):
        self.assertEqual(apply_patch({"a": {"b/c": 1}}, [{"op": "test", "path": "/a/b~1c", "value": 1},
                                                         {"op": "move", "from": "/a/b~1c", "path": "/d"}]), {"a": {}, "d": 1})
        with self.assertRaises(Failed):
            apply_patch({"a": 1}, [{"op": "test", "path": "/a", "value": 2}])

    def test_the_generator_gives_the_same_world_for_the_same_seed(self):
        one, two = (Generator(CATALOGUE, 7).world(0, 5) for _ in range(2))
        self.assertEqual([s.documents for s in one.scenes], [s.documents for s in two.scenes])

    def test_yaml_keeps_what_looks_like_a_number_a_string(self):
        self.assertEqual(yamltext.block({"a": {"x/y": "1e0"}, "b": [{"c": "no", "d": []}]}),
                         '"a":\n  "x/y": "1e0"\nb:\n  - c: "no"\n    d: []'.replace('"a"', "a").replace('"x/y"', "x/y"))


if __name__ == "__main__":
    unittest.main()
