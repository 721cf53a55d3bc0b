"""What a large cluster holds: nodes of six products, namespaces with policies of every sort, workloads, and what scales some of them.

Everything follows from its number, so that two runs make the same cluster."""

import gpu_nodes

SLICES = {   # GFD label of the product -> (MiB of a GPU, slices on offer, by size)
    "NVIDIA-H100-80GB-HBM3": (81559, ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb"]),
    "NVIDIA-A100-SXM4-80GB": (81920, ["1g.10gb", "2g.20gb", "3g.40gb"]),
    "NVIDIA-A100-SXM4-40GB": (40960, ["1g.5gb", "2g.10gb", "3g.20gb"]),
    "NVIDIA-H200": (143771, ["1g.18gb", "1g.35gb", "3g.71gb"]),
    "NVIDIA-B200": (183359, ["1g.23gb", "2g.45gb", "3g.90gb"]),
    "NVIDIA-A30": (24576, ["1g.6gb", "2g.12gb", "4g.24gb"]),
}
PRODUCTS = list(SLICES)
H100 = PRODUCTS[0]
FOOTPRINTS = ["3Gi", "6Gi", "12Gi", "30Gi", "80Gi"]
SORTS = ["enforced", "budget", "rewritten", "audited", "by-label"]   # of namespaces, in turn
MODELS = ["Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct-AWQ", "meta-llama/Llama-3.1-8B-Instruct", "mistralai/Mistral-7B-Instruct-v0.3"]


def resource(profile):
    return "nvidia.com/mig-" + profile


def nodes():
    """Two of each product; name -> a row of gpu_nodes.NODES."""
    out = {}
    for index in range(2 * len(PRODUCTS)):
        product = PRODUCTS[index % len(PRODUCTS)]
        memory, slices = SLICES[product]
        out[f"node-{index:02}"] = (product, memory, 8, "mixed", {resource(each): 8 + 4 * place for place, each in enumerate(slices)})
    return out


def create_nodes(kubectl):
    gpu_nodes.NODES.clear()
    gpu_nodes.NODES.update(nodes())
    gpu_nodes.create(kubectl, list(gpu_nodes.NODES))


def namespace(index):
    return f"team-{index:03}"


def sort_of(index):
    return SORTS[index % len(SORTS)]


def namespaces(count):
    return [{"apiVersion": "v1", "kind": "Namespace",
             "metadata": {"name": namespace(index), "labels": {"gpu": "guarded" if sort_of(index) == "by-label" and index % 2 else "free"}}} for index in range(count)]


def policies(count):
    """One SlicePolicy in most namespaces, and a ClusterSlicePolicy over those with a label."""
    out = [custom("ClusterSlicePolicy", {"name": "guarded"}, mode="enforce", namespaceSelector={"matchLabels": {"gpu": "guarded"}},
                  gpus=[H100], load={"concurrency": 4, "context": 2048})]
    for index in range(count):
        spec = {"mode": "enforce", "gpus": [H100], "load": {"concurrency": 8, "context": 4096}}
        sort = sort_of(index)
        if sort == "by-label":
            continue
        if sort == "budget":
            spec["budget"] = {"gpus": 3 + index % 7 * 0.5}
        if sort == "rewritten":
            spec["actions"] = {"Oversized": "rewrite", "Undersized": "rewrite"}
        if sort == "audited":
            spec["mode"] = "audit"
        out.append(custom("SlicePolicy", {"name": "default", "namespace": namespace(index)}, **spec))
    return out


def custom(kind, metadata, /, **spec):
    return {"apiVersion": "rightslice.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def workload(space, name, number, kind="Deployment"):
    """A product, a slice of it, and a model or a footprint, by number."""
    product = H100 if number % 3 else PRODUCTS[number // 3 % len(PRODUCTS)]
    slices = SLICES[product][1]
    container = {"name": "model", "image": "registry.example/model:1", "resources": {"limits": {resource(slices[number // 2 % len(slices)]): "1"}}}
    annotations = {}
    if number % 4 == 1:
        container["image"] = "vllm/vllm-openai:v0.10.2"
        container["args"] = ["--model", MODELS[number // 4 % len(MODELS)], "--max-model-len", str(2048 << number % 3)]
    elif number % 7:
        annotations["rightslice.io/footprint"] = FOOTPRINTS[number % len(FOOTPRINTS)]
    spec = {"nodeSelector": {"nvidia.com/gpu.product": product}, "containers": [container]}
    metadata = {"name": name, "namespace": space}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": {**metadata, "annotations": annotations}, "spec": spec}
    out = {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata,
           "spec": {"replicas": number % 4, "selector": {"matchLabels": {"app": name}},
                    "template": {"metadata": {"labels": {"app": name}, "annotations": annotations}, "spec": spec}}}
    if kind == "StatefulSet":
        out["spec"]["serviceName"] = name
    return out


def autoscaler(space, target, most):
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": target, "namespace": space},
            "spec": {"minReplicas": 1, "maxReplicas": most, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}}}


def running(space, index, each):
    """What runs in one namespace: `each` Deployments, of which every seventh is scaled."""
    objects = [workload(space, f"app-{number:02}", index * 31 + number) for number in range(each)]
    return objects + [autoscaler(space, f"app-{number:02}", 2 + number % 3) for number in range(0, each, 7)]


def placed(count):
    """Pods that hold slices on nodes, as the scheduler leaves them: all of the smallest slice of the A100 nodes is taken."""
    out = []
    for number in range(count):
        name = list(nodes())[number % 12]
        product = nodes()[name][0]
        smallest = SLICES[product][1][0]
        if number // 12 >= nodes()[name][4][resource(smallest)]:
            continue
        container = {"name": "model", "image": "registry.example/model:1", "resources": {"limits": {resource(smallest): "1"}}}
        out.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"placed-{number:03}", "namespace": "default"},
                    "spec": {"nodeName": name, "containers": [container]}})
    return out


def candidates(count, spaces):
    """Requests to compare, spread over namespaces: (namespace's index, object)."""
    kinds = ["Deployment", "Deployment", "StatefulSet", "Pod"]
    for number in range(count):
        index = number * 7 % spaces
        yield index, workload(namespace(index), f"new-{number}", number * 13 + 1, kinds[number % len(kinds)])
