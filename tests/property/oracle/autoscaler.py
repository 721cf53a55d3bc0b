"""What scales an object on its own, and with how many replicas it counts in a budget for that (DESIGN 3.6: "autoscaler maximum where known")."""


def autoscalers_of(manifests, default_namespace):
    """(namespace, group, kind, name) of a target -> [(maximum, scales from zero)]."""
    found = {}
    for manifest in manifests:
        group, kind = manifest["apiVersion"].rpartition("/")[0], manifest["kind"]
        spec = manifest.get("spec", {})
        target = dict(spec.get("scaleTargetRef", {}))
        if (group, kind) == ("autoscaling", "HorizontalPodAutoscaler"):
            most, from_zero = spec["maxReplicas"], spec.get("minReplicas") == 0
        elif (group, kind) == ("keda.sh", "ScaledObject"):
            most, from_zero = spec.get("maxReplicaCount", 100), True
            target = {"apiVersion": "apps/v1", "kind": "Deployment", **target}
        else:
            continue
        key = (manifest["metadata"].get("namespace", default_namespace), target["apiVersion"].rpartition("/")[0], target["kind"], target["name"])
        found.setdefault(key, []).append((most, from_zero))
    return found


def counted(work, autoscalers):
    """Replicas of an object, with the largest maximum of what scales it."""
    if work.kind not in ("Deployment", "StatefulSet", "ReplicaSet"):
        return work.replicas
    key = (work.namespace, work.manifest["apiVersion"].rpartition("/")[0], work.kind, work.name)
    maxima = [most for most, from_zero in autoscalers.get(key, []) if work.replicas > 0 or from_zero]
    return max([work.replicas, *maxima])
