"""Nodes as NVIDIA's device plugin and GPU feature discovery leave them: labels and allocatable slices of several products."""
import json

H100 = "NVIDIA-H100-80GB-HBM3"
A100_80 = "NVIDIA-A100-SXM4-80GB"
A100_40 = "NVIDIA-A100-SXM4-40GB"
H200 = "NVIDIA-H200"

# name: (product, MiB of a GPU, GPUs, strategy, what is allocatable)
NODES = {
    "h100-mixed-1": (H100, 81559, 8, "mixed", {"nvidia.com/mig-1g.10gb": 28, "nvidia.com/mig-1g.20gb": 4, "nvidia.com/mig-2g.20gb": 4,
                                               "nvidia.com/mig-3g.40gb": 4}),
    "h100-mixed-2": (H100, 81559, 8, "mixed", {"nvidia.com/mig-1g.10gb": 14, "nvidia.com/mig-3g.40gb": 12}),
    "h100-whole": (H100, 81559, 8, "none", {"nvidia.com/gpu": 8}),
    "h100-single": (H100 + "-MIG-1g.10gb", 9984, 56, "single", {"nvidia.com/gpu": 56}),
    "a100-80-mixed": (A100_80, 81920, 8, "mixed", {"nvidia.com/mig-1g.10gb": 28, "nvidia.com/mig-3g.40gb": 8}),
    "a100-40-mixed": (A100_40, 40960, 8, "mixed", {"nvidia.com/mig-1g.5gb": 28, "nvidia.com/mig-3g.20gb": 8}),
    "h200-mixed": (H200, 143771, 8, "mixed", {"nvidia.com/mig-1g.18gb": 28, "nvidia.com/mig-3g.71gb": 8}),
}


def node(name):
    product, memory, count, strategy, _ = NODES[name]
    labels = {
        "kubernetes.io/hostname": name, "nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": product,
        "nvidia.com/gpu.count": str(count), "nvidia.com/gpu.memory": str(memory), "nvidia.com/gpu.replicas": "1",
        "nvidia.com/gpu.sharing-strategy": "none", "nvidia.com/mig.capable": "true", "nvidia.com/mig.strategy": strategy,
    }
    for resource, slices in NODES[name][4].items():
        if resource.startswith("nvidia.com/mig-"):
            labels[f"{resource}.count"] = str(slices)
            labels[f"{resource}.product"] = f"{product}-MIG-{resource.removeprefix('nvidia.com/mig-')}"
            labels[f"{resource}.replicas"] = "1"
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def create(kubectl, names=tuple(NODES)):
    kubectl.apply([node(name) for name in names])
    for name in names:
        offer(kubectl, name, NODES[name][4])


def offer(kubectl, name, resources):
    """What the kubelet reports of the device plugin, in place of what it reported before."""
    counts = {"cpu": "128", "memory": "1Ti", "pods": "110", **{resource: str(count) for resource, count in resources.items()}}
    status = {"capacity": counts, "allocatable": counts, "conditions": [{"type": "Ready", "status": "True", "reason": "Test"}]}
    patch = [{"op": "add", "path": f"/status/{key}", "value": value} for key, value in status.items()]
    kubectl.run("patch", "node", name, "--subresource=status", "--type=json", "-p", json.dumps(patch))
