"""The valid inputs that hostile.py mutates."""

PRODUCT = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}


def container(name, resource, count=1, **more):
    return {"name": name, "image": "vllm/vllm-openai:v0.10.2", "args": ["--model", "Qwen/Qwen2.5-7B-Instruct-AWQ", "--max-model-len", "8192"],
            "resources": {"limits": {resource: count}, "requests": {resource: str(count)}}, **more}


def pod(*containers, **more):
    return {"nodeSelector": dict(PRODUCT), "containers": list(containers), **more}


def workload(kind, api, name, spec, annotations, **more):
    template = {"metadata": {"labels": {"app": name}, "annotations": annotations}, "spec": spec}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "team-a", "labels": {"app": name}},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template, **more}}


DEPLOYMENT = workload("Deployment", "apps/v1", "chat", pod(container("vllm", "nvidia.com/mig-3g.40gb")), {"rightslice.io/concurrency": "8"})
SHELL = workload("StatefulSet", "apps/v1", "shell", pod(container(
    "c", "nvidia.com/mig-2g.20gb", command=["sh", "-c"], env=[{"name": "M", "value": "Qwen/Qwen2.5-0.5B"}, {"name": "N", "value": "$(M)-Instruct"}],
    args=["export X=1; exec vllm serve \"$(N)\" --max-num-seqs 32 --gpu-memory-utilization=0.9 | tee /log"])), {})
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "team-a", "annotations": {
    "rightslice.io/footprint": "6Gi", "a.rightslice.io/min-compute-slices": "2", "rightslice.io/original-request": "a=nvidia.com/gpu:1>nvidia.com/mig-1g.10gb"}},
    "spec": pod(container("a", "nvidia.com/mig-1g.10gb"), container("b", "nvidia.com/gpu", 2), initContainers=[
        container("i", "nvidia.com/mig-1g.10gb", restartPolicy="Always")], volumes=[{"name": "v", "hostPath": {"path": "/dev/nvidia0"}}],
        affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "nvidia.com/gpu.product", "operator": "In", "values": ["NVIDIA-A100-SXM4-40GB"]}]}]}}})}
CRON = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": "team-b"}, "spec": {"schedule": "* * * * *", "jobTemplate": {
    "spec": {"parallelism": 3, "completions": 9, "template": {"spec": pod(container("t", "nvidia.com/mig-1g.10gb"), restartPolicy="Never")}}}}}
LIST = {"apiVersion": "v1", "kind": "List", "items": [DEPLOYMENT, POD]}
MANIFESTS = [DEPLOYMENT, SHELL, POD, CRON, LIST]

YAML = """apiVersion: v1
kind: Pod
metadata: {name: p, labels: &labels {app: "x"}}
spec:
  nodeSelector:
    <<: *labels
    nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.10.2
    command: [sh, -c]
    args:
    - |
      vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ \\
        --max-model-len 8192
    resources: {limits: {nvidia.com/mig-3g.40gb: 1}}
---
# nothing but a comment
---
apiVersion: v1
kind: Namespace
metadata: {name: team-a, labels: {tier: 'gold'}}
"""

POLICIES = [
    {"apiVersion": "rightslice.io/v1alpha1", "kind": "SlicePolicy", "metadata": {"name": "default", "namespace": "team-a"}, "spec": {
        "mode": "enforce", "match": {"kinds": ["Deployment", "Pod"], "selector": {"matchLabels": {"app": "chat"}}}, "gpus": ["NVIDIA-H100-80GB-HBM3"],
        "gpuResource": "whole", "slices": {"offered": ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb"], "allowed": ["*"], "denied": ["7g.*"],
                                           "prefer": "compute", "minCompute": 1, "tolerance": 0},
        "load": {"concurrency": 8, "context": 4096}, "headroom": "10%", "actions": {"Oversized": "rewrite", "Undersized": "deny"},
        "engine": {"rewriteFlags": False}, "budget": {"memory": "320Gi", "gpus": 4, "cost": {"amount": 12000, "currency": "USD", "per": "month"}},
        "ratchet": True, "declarations": "workload", "models": [{"model": "acme/ranker-v3", "memory": "7Gi"},
            {"model": "acme/chat-*", "quantization": "awq", "weights": "6Gi", "kvPerToken": "64Ki", "overhead": "2Gi"}]}},
    {"apiVersion": "rightslice.io/v1alpha1", "kind": "ClusterSlicePolicy", "metadata": {"name": "cluster"}, "spec": {
        "mode": "enforce", "overridable": False, "namespaces": ["team-*"], "slices": {"offered": ["1g.10gb", "2g.20gb", "3g.40gb", "7g.80gb"]},
        "exempt": {"users": ["restore"], "groups": ["*admins"], "serviceAccounts": ["kube-system:*"]}, "exceptions": {"namespaces": ["team-a"]}}},
    {"apiVersion": "rightslice.io/v1alpha1", "kind": "SliceException", "metadata": {"name": "legacy", "namespace": "team-a"}, "spec": {
        "kind": "Deployment", "name": "legacy-*", "findings": ["Oversized"], "owner": "ml", "reason": "migration", "expires": "2026-07-31"}}]

SURROUNDINGS = {"nodes": [{"name": "n1", "labels": dict(PRODUCT), "allocatable": {"nvidia.com/mig-1g.10gb": 4, "nvidia.com/gpu": "1"},
                           "requested": {"nvidia.com/mig-1g.10gb": "1"}}],
                "namespaces": [{"name": "team-a", "labels": {"tier": "gold"}}],
                "prices": {"currency": "USD", "date": "2026-01-01", "gpuHour": {"NVIDIA-H100-80GB-HBM3": 3.5}}}

REVIEW = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
    "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
    "resource": {"group": "apps", "version": "v1", "resource": "deployments"}, "name": "chat", "namespace": "team-a", "operation": "CREATE",
    "userInfo": {"username": "alice", "groups": ["system:authenticated"]}, "object": DEPLOYMENT, "oldObject": None, "dryRun": False, "options": None}}
UPDATE = {**REVIEW, "request": {**REVIEW["request"], "operation": "UPDATE", "oldObject": DEPLOYMENT}}
OF_POD = {**REVIEW, "request": {**REVIEW["request"], "kind": {"group": "", "version": "v1", "kind": "Pod"},
                                "resource": {"group": "", "version": "v1", "resource": "pods"}, "object": POD}}
REVIEWS = [REVIEW, UPDATE, OF_POD]

CONFIGS = [
    {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28,
     "num_hidden_layers": 28, "num_key_value_heads": 4, "max_position_embeddings": 32768, "vocab_size": 152064, "tie_word_embeddings": False,
     "torch_dtype": "bfloat16", "rope_scaling": {"type": "yarn", "factor": 4.0}, "sliding_window": 131072, "use_sliding_window": False,
     "quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128, "modules_to_not_convert": ["lm_head"]}},
    {"architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048,
     "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3, "moe_layer_freq": 1, "num_attention_heads": 128,
     "num_key_value_heads": 128, "num_hidden_layers": 61, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
     "v_head_dim": 128, "vocab_size": 129280, "max_position_embeddings": 163840, "torch_dtype": "bfloat16",
     "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}},
    {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12, "num_hidden_layers": 12,
     "vocab_size": 30522, "max_position_embeddings": 512, "torch_dtype": "float32"}]

SUITE = {"apiVersion": "rightslice.io/v1alpha1", "kind": "PolicyTest", "metadata": {"name": "suite"}, "policies": ["policy.yaml"], "cases": [
    {"name": "one", "namespace": "team-a", "manifest": DEPLOYMENT, "expect": {"decision": "rewrite", "findings": ["Oversized"], "recommended": "1g.10gb"}}]}

CATALOGUES = [{"products": []}, {"models": []}]

COMMAND_LINES = [
    ["vllm", "serve", "Qwen/Qwen2.5-7B-Instruct-AWQ", "--max-model-len", "8192", "--max-num-seqs", "32", "--gpu-memory-utilization", "0.9"],
    ["vllm", "serve", "Qwen/Qwen2.5-7B-Instruct", "--tensor-parallel-size", "2", "--speculative-config", '{"model":"Qwen/Qwen2.5-0.5B","num_speculative_tokens":5}',
     "--kv-cache-dtype", "fp8", "--enable-lora", "--max-loras", "4", "--max-lora-rank", "16"],
    ["python3", "-m", "sglang.launch_server", "--model-path", "Qwen/Qwen2.5-7B-Instruct", "--mem-fraction-static", "0.8", "--context-length", "8192"],
    ["text-generation-launcher", "--model-id", "Qwen/Qwen2.5-7B-Instruct", "--max-total-tokens", "4096", "--max-batch-prefill-tokens", "4096"],
    ["llama-server", "-hf", "Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M", "-c", "8192", "-np", "4", "-ngl", "99"],
    ["sh", "-c", "exec vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 4k"]]
