#!/usr/bin/env python3
"""AdmissionReviews of a given size and the policies they are judged with: a vLLM Deployment as kube-apiserver sends it.

  reviews.py FOLDER     writes review-BYTES.json, policies-COUNT.yaml, and a models.json and a gpus.json of many rows for bench_review
"""
import json
import pathlib
import sys

MODEL = "Qwen/Qwen2.5-7B-Instruct"


def _fields(index):
    """One entry of managedFields, which is most of what a large review holds."""
    owned = {f"f:{name}": {} for name in ("replicas", "selector", "strategy", "revisionHistoryLimit")}
    env = {f'k:{{"name":"SETTING_{index}_{i}"}}': {".": {}, "f:name": {}, "f:value": {}} for i in range(4)}
    owned["f:template"] = {"f:spec": {"f:containers": {'k:{"name":"vllm"}': {".": {}, "f:env": env}}}}
    return {"manager": f"controller-{index}", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": owned}}


def _deployment(namespace, name):
    container = {
        "name": "vllm", "image": "vllm/vllm-openai:v0.10.2", "imagePullPolicy": "IfNotPresent",
        "args": ["--model", MODEL, "--max-model-len", "8192", "--port", "8000"],
        "env": [{"name": "HF_HOME", "value": "/cache"}], "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
        "resources": {"limits": {"nvidia.com/mig-3g.40gb": "1", "memory": "24Gi"}, "requests": {"nvidia.com/mig-3g.40gb": "1", "cpu": "4"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": {
        "metadata": {"creationTimestamp": None, "labels": {"app": name}},
        "spec": {"containers": [container], "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
                 "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, "securityContext": {}}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": None, "labels": {"app": name}}, "spec": spec}


def review(size, namespace="team-0"):
    """Text of a CREATE of `size` bytes; what is missing is filled with managedFields, then with one annotation."""
    deployment = _deployment(namespace, "chat")
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    resource = {"group": "apps", "version": "v1", "resource": "deployments"}
    whole = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
        "name": "chat", "namespace": namespace, "operation": "CREATE",
        "userInfo": {"username": "dana", "groups": ["system:authenticated"]}, "object": deployment, "oldObject": None, "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}}}

    def text():
        return json.dumps(whole, separators=(",", ":"))

    entries = []
    entry = len(json.dumps(_fields(0), separators=(",", ":"))) + 8
    while len(text()) + entry + 200 < size:
        count = max(1, (size - len(text()) - 200) // (entry + 8))
        entries += [_fields(len(entries) + i) for i in range(count)]
        deployment["metadata"]["managedFields"] = entries
    missing = size - len(text())
    frame = len(',"annotations":{"note":""}')
    if missing >= frame:
        deployment["metadata"]["annotations"] = {"note": "x" * (missing - frame)}
    return text()


# How the reviews of one run differ. `same`: in nothing. `names`: in name, uid and time, as the pods of a ReplicaSet do. `settings`: also in what
# is judged, so that no two have the same answer before it is made.
VARIETIES = ("same", "names", "settings")


def varied(size, variety, count):
    """`count` texts of about `size` bytes."""
    text = review(size)
    if variety == "same":
        return [text]
    texts = []
    for index in range(count):
        uid = f"{index:08x}-6393-11e8-b7cc-42010a800002"
        each = text.replace("705ab4f5-6393-11e8-b7cc-42010a800002", uid).replace('"name":"chat"', f'"name":"chat-{index:05x}"')
        if variety == "settings":
            each = each.replace('"8192"', f'"{4096 + index}"')
        texts.append(each)
    return texts


def policies(count):
    """`count` policies, each of a namespace of its own: YAML text."""
    documents = []
    for index in range(count):
        documents.append(f"""apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {{name: default, namespace: team-{index}}}
spec:
  mode: enforce
  gpus: [NVIDIA-H100-80GB-HBM3]
  slices: {{offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb], denied: ["7g.*"]}}
  load: {{concurrency: 8, context: 4096}}
  actions: {{Oversized: warn, Undersized: deny}}
""")
    return "---\n".join(documents)


def catalogues(models, products):
    """Texts of a models.json and a gpus.json that add as many rows to the built-in ones."""
    row = {"family": "qwen2", "num_hidden_layers": 28, "hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28,
           "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 152064, "tie_word_embeddings": False, "max_position_embeddings": 32768,
           "torch_dtype": "bfloat16", "attention_bias": True, "source": "made up"}
    slices = [{"name": f"{count}g.{memory}gb", "id": count, "computeSlices": count, "memorySlices": count, "memoryMiB": memory * 1000,
               "maxInstances": 7 // count, "placements": {"start": [0], "size": count}, "source": "made up"} for count, memory in ((1, 10), (2, 20), (7, 80))]
    boards = [{"title": f"Example {index} 80GB", "gfdLabels": [f"NVIDIA-Example-{index}-80GB"], "totalMiB": 81000, "computeSlices": 7,
               "memorySlices": 8, "profiles": slices} for index in range(products)]
    return (json.dumps({"models": [{"id": f"example/model-{index}-7b-instruct"} | row for index in range(models)]}), json.dumps({"products": boards}))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for size in (2048, 12288, 262144, 3 << 20):
        (folder / f"review-{size}.json").write_text(review(size), encoding="ascii")
    for number in (1, 20, 10000):
        (folder / f"policies-{number}.yaml").write_text(policies(number), encoding="ascii")
    for name, text in zip(("models.json", "gpus.json"), catalogues(1000, 200)):
        (folder / name).write_text(text, encoding="ascii")
