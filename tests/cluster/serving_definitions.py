"""CRDs of a few serving projects: their names and versions, and schemas that keep every field. What their fields are called and hold is tested
against the published types by tests/unit/workload."""

# (group, version, kind, plural, the field that scale sets)
DEFINITIONS = [
    ("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices", None),
    ("apps.nvidia.com", "v1alpha1", "NIMService", "nimservices", None),
    ("leaderworkerset.x-k8s.io", "v1", "LeaderWorkerSet", "leaderworkersets", ".spec.replicas"),
    ("argoproj.io", "v1alpha1", "Rollout", "rollouts", ".spec.replicas"),
    ("jobset.x-k8s.io", "v1alpha2", "JobSet", "jobsets", None),
    ("kaito.sh", "v1beta1", "Workspace", "workspaces", None),
]


def definition(group, version, kind, plural, scaled):
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}, "subresources": {"status": {}}}
    if scaled:
        served["subresources"]["scale"] = {"specReplicasPath": scaled, "statusReplicasPath": ".status.replicas"}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural, "singular": kind.lower()}, "versions": [served]}}


def create(kubectl):
    kubectl.apply([definition(*each) for each in DEFINITIONS])
    kubectl.run("wait", "--for=condition=Established", *[f"crd/{plural}.{group}" for group, _, _, plural, _ in DEFINITIONS])
