#!/usr/bin/env python3
"""A cluster to look at: twelve nodes of six products, thirty workloads with most of what can be found of them, and an hour of metrics.

usage: demonstration.py FOLDER            writes cluster.json and metrics.txt; look at them with
       rightslice scan --from FOLDER/cluster.json --metrics FOLDER/metrics.txt --at 2026-06-01T00:00:00Z -o html

Everything follows from the tables, so that two runs write the same.
"""
import json
import pathlib
import sys

AT = 1780272000   # 2026-06-01T00:00:00Z
H100, A100, A40, H200, B200, A30 = ("NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-SXM4-40GB", "NVIDIA-H200", "NVIDIA-B200", "NVIDIA-A30")

# name, product, GPUs, strategy, slices of each GPU (none: whole), further labels, spec
NODES = [
    ("gpu-01", H100, 8, "mixed", {"3g.40gb": 1, "2g.20gb": 1, "1g.10gb": 2}, {}, {}),
    ("gpu-02", H100, 8, "mixed", {"3g.40gb": 2}, {}, {}),
    ("gpu-03", H100, 8, "none", {}, {}, {}),
    ("gpu-04", H200, 8, "mixed", {"1g.18gb": 7}, {}, {}),
    ("gpu-05", H200, 8, "mixed", {"3g.71gb": 2}, {}, {}),
    ("gpu-06", A100, 8, "mixed", {"2g.20gb": 3, "1g.10gb": 1}, {}, {}),
    ("gpu-07", A100, 8, "mixed", {"1g.10gb": 7}, {}, {}),
    ("gpu-08", A40, 4, "mixed", {"1g.5gb": 7}, {}, {}),
    ("gpu-09", A40, 4, "mixed", {"3g.20gb": 2}, {}, {"unschedulable": True}),
    ("gpu-10", B200, 8, "mixed", {"3g.90gb": 1, "2g.45gb": 1, "1g.23gb": 2}, {}, {}),
    ("gpu-11", B200, 8, "none", {}, {}, {}),
    ("gpu-12", A30, 4, "mixed", {"2g.12gb": 2}, {}, {}),
]

# namespace, name, kind, product, slice (none: a whole GPU), replicas, image, arguments or annotations, KV cache in use in % (none: not measured), further
VLLM, TEI, OWN = "vllm/vllm-openai:v0.10.2", "ghcr.io/huggingface/text-embeddings-inference:1.7", "registry.example/inference:2"


def vllm(model, length=8192, *more):
    return ["--model", model, "--max-model-len", str(length), *more]


WORKLOADS = [
    ("chat", "assistant", "Deployment", H100, "3g.40gb", 6, VLLM, vllm("Qwen/Qwen2.5-14B-Instruct"), 61, {}),
    ("chat", "assistant-small", "Deployment", H100, "3g.40gb", 4, VLLM, vllm("Qwen/Qwen2.5-1.5B-Instruct", 4096), 9, {}),
    ("chat", "summaries", "Deployment", H100, "2g.20gb", 3, VLLM, vllm("Qwen/Qwen2.5-7B-Instruct-AWQ"), 97, {}),
    ("chat", "canary", "Deployment", H100, "3g.40gb", 1, VLLM, vllm("mistralai/Mistral-7B-Instruct-v0.3", 16384), 0, {}),
    ("chat", "translate", "Deployment", H100, "1g.10gb", 4, VLLM, vllm("Qwen/Qwen2.5-1.5B-Instruct", 4096), 44, {}),
    ("chat", "large", "StatefulSet", H100, None, 3, VLLM, vllm("Qwen/Qwen2.5-32B-Instruct", 16384), 70, {}),
    ("chat", "long-context", "Deployment", H200, "3g.71gb", 4, VLLM, vllm("Qwen/Qwen2.5-32B-Instruct", 8192), 55, {}),
    ("search", "embedder", "Deployment", A100, "1g.10gb", 12, TEI, ["--model-id", "BAAI/bge-m3"], None, {}),
    ("search", "embedder-large", "Deployment", A100, "2g.20gb", 6, TEI, ["--model-id", "BAAI/bge-large-en-v1.5"], None, {}),
    ("search", "reranker", "Deployment", A100, "1g.10gb", 8, OWN, {"rightslice.io/footprint": "7Gi", "rightslice.io/model": "acme/reranker-v3"}, None, {}),
    ("search", "reranker-next", "Deployment", A100, "2g.20gb", 3, OWN, {"rightslice.io/footprint": "16Gi", "rightslice.io/model": "acme/reranker-v4"}, None, {"stale": True}),
    ("search", "query-rewrite", "Deployment", A100, "2g.20gb", 5, VLLM, vllm("Qwen/Qwen2.5-7B-Instruct-AWQ", 4096), 35, {}),
    ("vision", "captioner", "Deployment", H200, "1g.18gb", 14, OWN, {"rightslice.io/footprint": "12Gi", "rightslice.io/model": "acme/captioner"}, None, {}),
    ("vision", "ocr", "Deployment", H200, "1g.18gb", 18, OWN, {"rightslice.io/footprint": "14Gi", "rightslice.io/model": "acme/ocr-v5"}, None, {}),
    ("vision", "moderation", "Deployment", H200, "1g.18gb", 6, OWN, {}, None, {}),
    ("vision", "detector", "Deployment", A30, "2g.12gb", 5, OWN, {"rightslice.io/footprint": "9Gi", "rightslice.io/model": "acme/detector"}, None, {}),
    ("vision", "segmenter", "Deployment", H200, "3g.71gb", 3, OWN, {"rightslice.io/footprint": "66Gi", "rightslice.io/model": "acme/segmenter-xl"}, None, {}),
    ("speech", "transcribe", "Deployment", A40, "1g.5gb", 9, OWN, {"rightslice.io/footprint": "3700Mi", "rightslice.io/model": "openai/whisper-large-v3"}, None, {}),
    ("speech", "transcribe-batch", "StatefulSet", A40, "1g.5gb", 4, OWN, {"rightslice.io/footprint": "4600Mi", "rightslice.io/model": "acme/whisper-batch"}, None, {"restarts": 23}),
    ("speech", "voices", "Deployment", A40, "1g.5gb", 6, OWN, {}, None, {}),
    ("agents", "planner", "Deployment", B200, "3g.90gb", 5, VLLM, vllm("Qwen/Qwen2.5-32B-Instruct", 32768), 88, {}),
    ("agents", "tools", "Deployment", B200, "2g.45gb", 6, VLLM, vllm("Qwen/Qwen2.5-14B-Instruct"), 52, {}),
    ("agents", "router", "Deployment", B200, "1g.23gb", 9, VLLM, vllm("Qwen/Qwen2.5-3B-Instruct", 4096), 28, {}),
    ("agents", "judge", "Deployment", B200, None, 4, VLLM, vllm("meta-llama/Llama-3.1-70B-Instruct", 16384), 66, {}),
    ("agents", "sandbox", "Deployment", B200, None, 1, VLLM, vllm("Qwen/Qwen2.5-7B-Instruct"), 0, {}),
    ("research", "notebook", "Pod", H100, None, 1, OWN, {}, None, {}),
    ("research", "eval-7b", "Pod", H100, "3g.40gb", 1, VLLM, vllm("mistralai/Mistral-7B-Instruct-v0.3"), 31, {}),
    ("research", "eval-8b", "Pod", H100, "3g.40gb", 1, VLLM, vllm("meta-llama/Llama-3.1-8B-Instruct", 16384), 40, {}),
    ("research", "sweep", "StatefulSet", H100, "4g.40gb", 2, OWN, {"rightslice.io/footprint": "30Gi", "rightslice.io/model": "acme/sweep"}, None, {}),
    ("research", "tuned", "Deployment", H100, "1g.10gb", 2, VLLM, vllm("Qwen/Qwen2.5-7B-Instruct", 4096), None, {"restarts": 118}),
]


def node(name, product, gpus, strategy, slices, labels, spec):
    offered = {f"nvidia.com/mig-{profile}": str(count * gpus) for profile, count in slices.items()} or {"nvidia.com/gpu": str(gpus)}
    facts = {"cpu": "128", "memory": "1Ti", **offered}
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "nvidia.com/gpu.product": product, "nvidia.com/gpu.count": str(gpus), "nvidia.com/mig.strategy": strategy, **labels}},
            "spec": spec, "status": {"capacity": facts, "allocatable": facts, "conditions": [{"type": "Ready", "status": "True"}]}}


class Cluster:
    def __init__(self):
        self.items = [node(*each) for each in NODES]
        self.free = {name: {resource: int(count) for resource, count in each["status"]["allocatable"].items() if resource.startswith("nvidia")}
                     for (name, *_), each in zip(NODES, self.items)}
        self.samples, self.gpu = [], 0
        self.items += [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted({each[0] for each in WORKLOADS})]

    def place(self, product, resource):
        for name, of, *rest in NODES:
            if of == product and not rest[-1] and self.free[name].get(resource, 0) > 0:
                self.free[name][resource] -= 1
                return name
        return None

    def add(self, space, name, kind, product, profile, replicas, image, given, used, more):
        resource = f"nvidia.com/mig-{profile}" if profile else "nvidia.com/gpu"
        container = {"name": "server", "image": image, "resources": {"limits": {resource: "1"}, "requests": {resource: "1"}}}
        annotations = {"rightslice.io/concurrency": "8"}
        if isinstance(given, list):
            container["args"] = given
        else:
            annotations.update(given)
        spec = {"nodeSelector": {"nvidia.com/gpu.product": product}, "containers": [container]}
        template = {"metadata": {"annotations": annotations}, "spec": spec}
        key = f"{space}-{name}"
        if kind != "Pod":
            self.items.append({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": space, "uid": key, "generation": 2, "annotations": {"deployment.kubernetes.io/revision": "2"}},
                               "spec": {"replicas": replicas, "template": template, **({"paused": True} if more.get("stale") else {})},
                               "status": {"observedGeneration": 2, "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": 1 if more.get("stale") else replicas, "updateRevision": "2", "currentRevision": "2"}})
        if kind == "Deployment":
            for revision in ("1", "2") if more.get("stale") else ("2",):
                self.items.append({"apiVersion": "apps/v1", "kind": "ReplicaSet",
                                   "metadata": {"name": f"{name}-{revision}", "namespace": space, "uid": f"{key}-{revision}", "annotations": {"deployment.kubernetes.io/revision": revision}, "ownerReferences": [owner("apps/v1", kind, name, key)]},
                                   "spec": {"replicas": replicas, "template": template}})
        for number in range(replicas):
            revision = "1" if more.get("stale") and number else "2"
            pod = {"name": name if kind == "Pod" else f"{name}-{number}", "namespace": space, "uid": f"{key}-pod-{number}", "creationTimestamp": "2026-05-28T08:00:00Z", "annotations": annotations}
            if kind == "Deployment":
                pod |= {"labels": {"pod-template-hash": revision}, "ownerReferences": [owner("apps/v1", "ReplicaSet", f"{name}-{revision}", f"{key}-{revision}")]}
            if kind == "StatefulSet":
                pod |= {"labels": {"controller-revision-hash": "2"}, "ownerReferences": [owner("apps/v1", kind, name, key)]}
            self.pod(pod, spec, product, resource, profile, used, more)

    def pod(self, metadata, spec, product, resource, profile, used, more):
        where = self.place(product, resource)
        if where is None:
            conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": f"0/12 nodes are available: 12 Insufficient {resource}.", "lastTransitionTime": "2026-05-31T09:00:00Z"}]
            self.items.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Pending", "conditions": conditions}})
            return
        status = {"name": "server", "image": spec["containers"][0]["image"], "imageID": "registry.example/x@sha256:1111", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": "2026-05-28T08:01:00Z"}}}
        if more.get("restarts"):
            status |= {"ready": False, "restartCount": more["restarts"], "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                       "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.04 GiB.", "finishedAt": "2026-05-31T23:52:00Z"}}}
        self.items.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**spec, "nodeName": where},
                           "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(status["ready"])}], "containerStatuses": [status]}})
        if used is not None:
            self.measure(metadata, spec, used)

    def measure(self, metadata, spec, used):
        """vLLM's own metrics, each two minutes of an hour; with nothing in use, nothing comes."""
        model = spec["containers"][0]["args"][1]
        labels = f'namespace="{metadata["namespace"]}",pod="{metadata["name"]}",container="server",model_name="{model}"'
        for step in range(30):
            at = (AT - (29 - step) * 120) * 1000
            wave = used and min(1, max(0, used / 100 + (step % 3 - 1) * 0.02))
            values = {"vllm:kv_cache_usage_perc": f"{wave:.3f}", "vllm:num_requests_running": used // 4, "vllm:num_requests_waiting": 3 if used > 90 else 0, "vllm:num_preemptions_total": step * 2 if used > 90 else 0,
                      "vllm:prompt_tokens_total": 5000 + step * used * 900, "vllm:generation_tokens_total": 2000 + step * used * 300}
            self.samples += [f"{name}{{{labels}}} {value} {at}" for name, value in values.items()]


def owner(version, kind, name, uid):
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": True}


def write(folder):
    cluster = Cluster()
    for each in WORKLOADS:
        cluster.add(*each)
    folder = pathlib.Path(folder)
    folder.joinpath("cluster.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": cluster.items}), encoding="utf-8")
    folder.joinpath("metrics.txt").write_text("\n".join(cluster.samples) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(sys.argv[1])
