"""A fleet to be looked at: nodes of six products, cut and whole, and workloads of every sort with their pods.

Everything follows from its number, so that two runs make the same fleet. `Fleet` knows what must come out: which workloads there are, what runs where."""
import collections

MODELS = ["Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-1.5B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "mistralai/Mistral-7B-Instruct-v0.3"]
# GFD label -> MiB of a GPU, the slice of which a GPU has most, how many, a larger one, how many.
PRODUCTS = {
    "NVIDIA-H100-80GB-HBM3": (81559, "1g.10gb", 7, "3g.40gb", 2), "NVIDIA-A100-SXM4-80GB": (81920, "1g.10gb", 7, "3g.40gb", 2),
    "NVIDIA-A100-SXM4-40GB": (40960, "1g.5gb", 7, "3g.20gb", 2), "NVIDIA-H200": (143771, "1g.18gb", 7, "3g.71gb", 2),
    "NVIDIA-B200": (183359, "1g.23gb", 7, "3g.90gb", 2), "NVIDIA-A30": (24576, "1g.6gb", 4, "2g.12gb", 2)}
SEVEN = "a100-in-seven"      # one A100 cut into seven, all of them asked for
KINDS = ["Deployment", "StatefulSet", "Deployment", "Pod", "Deployment", "Job"]
NAMESPACES = 12
WHOLE = "nvidia.com/gpu"


def resource(profile):
    return "nvidia.com/mig-" + profile


class Node:
    def __init__(self, name, product, gpus, cut):
        self.name, self.product, self.gpus, self.cut = name, product, gpus, cut
        memory, small, most, large, few = PRODUCTS[product]
        self.memory = memory
        if not cut:
            self.offers = {WHOLE: gpus}
        elif gpus == 1:
            self.offers = {resource(small): most}
        else:
            self.offers = {resource(small): most * gpus // 2, resource(large): few * (gpus - gpus // 2)}
        self.free = collections.Counter(self.offers)

    def object(self):
        labels = {"kubernetes.io/hostname": self.name, "nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": self.product,
                  "nvidia.com/gpu.count": str(self.gpus), "nvidia.com/gpu.memory": str(self.memory), "nvidia.com/gpu.replicas": "1",
                  "nvidia.com/gpu.sharing-strategy": "none", "nvidia.com/mig.capable": "true", "nvidia.com/mig.strategy": "mixed" if self.cut else "none"}
        counts = {"cpu": "128", "memory": "1Ti", "pods": "250", **{each: str(count) for each, count in self.offers.items()}}
        return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": labels},
                "status": {"capacity": counts, "allocatable": counts, "conditions": [{"type": "Ready", "status": "True", "reason": "Test"}]}}


class Pod:
    def __init__(self, workload, index, node):
        self.workload, self.node = workload, node
        self.name = workload.name if workload.kind == "Pod" else f"{workload.name}-{index}" if workload.kind == "StatefulSet" else f"{workload.name}-5d8c-{index:02}"


class Workload:
    def __init__(self, number, product, asks):
        self.number, self.product, self.asks = number, product, asks
        self.kind = KINDS[number % len(KINDS)]
        self.name, self.namespace = f"w{number:05}", f"team-{number % NAMESPACES:02}"
        self.replicas = 1 if self.kind in ("Pod", "Job") else (1, 3, 2, 0)[number % 4]
        self.scaled = self.kind == "Deployment" and number % 8 == 2
        self.engine = ("vllm", "vllm", "sglang", "other")[number % 4] if number % 3 else "vllm"
        self.pods = []

    @property
    def key(self):
        return self.kind, self.namespace, self.name

    # What metrics say of it.
    @property
    def stale(self):
        return self.number % 17 == 3

    @property
    def kv(self):
        """A ratio, as engines publish it."""
        return 0.452 if self.number % 5 == 0 else self.number % 90 / 100

    def container(self):
        out = {"name": "model", "resources": {"limits": {self.asks: "1"}}, "ports": [{"containerPort": 8000, "name": "http"}],
               "env": [{"name": f"SETTING_{each}", "value": f"value-{each}-of-something"} for each in range(12)],
               "volumeMounts": [{"name": "cache", "mountPath": "/cache"}, {"name": "shm", "mountPath": "/dev/shm"}]}
        model = MODELS[self.number // 4 % len(MODELS)]
        if self.engine == "vllm":
            out |= {"image": "vllm/vllm-openai:v0.10.2", "args": ["--model", model, "--max-model-len", str(2048 << self.number % 3)]}
        elif self.engine == "sglang":
            out |= {"image": "lmsysorg/sglang:v0.5.0", "command": ["python3", "-m", "sglang.launch_server", "--model-path", model, "--enable-metrics"]}
        else:
            out |= {"image": "registry.example/model:1"}
        return out

    def pod_spec(self):
        return {"nodeSelector": {"nvidia.com/gpu.product": self.product}, "containers": [self.container()],
                "volumes": [{"name": "cache", "emptyDir": {}}, {"name": "shm", "emptyDir": {"medium": "Memory"}}],
                "tolerations": [{"key": WHOLE, "operator": "Exists", "effect": "NoSchedule"}], "automountServiceAccountToken": False}

    def template(self):
        annotations = {} if self.engine != "other" or self.number % 7 == 0 else {"rightslice.io/footprint": ("3Gi", "6Gi", "12Gi")[self.number % 3]}
        return {"metadata": {"labels": {"app": self.name}, "annotations": annotations}, "spec": self.pod_spec()}

    def object(self):
        """The outermost, as a person applies it; none of a bare pod."""
        template, selector = self.template(), {"matchLabels": {"app": self.name}}
        metadata = {"name": self.name, "namespace": self.namespace}
        if self.kind == "Deployment":
            return {"apiVersion": "apps/v1", "kind": self.kind, "metadata": metadata, "spec": {"replicas": self.replicas, "selector": selector, "template": template}}
        if self.kind == "StatefulSet":
            return {"apiVersion": "apps/v1", "kind": self.kind, "metadata": metadata,
                    "spec": {"replicas": self.replicas, "selector": selector, "serviceName": self.name, "template": template}}
        if self.kind == "Job":
            template["spec"]["restartPolicy"] = "Never"
            return {"apiVersion": "batch/v1", "kind": self.kind, "metadata": metadata, "spec": {"template": template}}
        return None

    def replica_set(self, owner):
        template = self.template()
        template["metadata"]["labels"]["pod-template-hash"] = "5d8c"
        labels = {"app": self.name, "pod-template-hash": "5d8c"}
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {"name": f"{self.name}-5d8c", "namespace": self.namespace, "labels": labels, "ownerReferences": [owned_by(owner)],
                             "annotations": {"deployment.kubernetes.io/revision": "1"}},
                "spec": {"replicas": self.replicas, "selector": {"matchLabels": labels}, "template": template}}

    def pod_object(self, pod, owner):
        template = self.template()
        metadata = {**template["metadata"], "name": pod.name, "namespace": self.namespace}
        if owner:
            metadata["ownerReferences"] = [owned_by(owner)]
        if self.kind == "Deployment":
            metadata["labels"]["pod-template-hash"] = "5d8c"
        spec = template["spec"]
        if pod.node:
            spec["nodeName"] = pod.node.name
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def status(self, pod, address):
        if not pod.node:
            return {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                                        "message": f"0/12 nodes are available: insufficient {self.asks}.", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
        image = self.container()["image"]
        running = {"name": "model", "image": image, "imageID": f"{image}@sha256:{'0' * 64}", "ready": True, "restartCount": 0, "started": True,
                   "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}, "lastState": {}}
        conditions = [{"type": each, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"} for each in ("PodScheduled", "Initialized", "ContainersReady", "Ready")]
        return {"phase": "Running", "conditions": conditions, "containerStatuses": [running], "podIP": address, "podIPs": [{"ip": address}]}

    def autoscaler(self):
        return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": self.name, "namespace": self.namespace},
                "spec": {"minReplicas": 1, "maxReplicas": 4, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.name}}}


def owned_by(owner):
    return {key: owner[key] for key in ("apiVersion", "kind")} | {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "controller": True}


class Fleet:
    def __init__(self, workloads, nodes):
        products = list(PRODUCTS)
        self.nodes = [Node(f"node-{index:03}", products[index // 2 % len(products)], 8, index % 2 == 0) for index in range(nodes)]
        self.nodes.append(Node(SEVEN, "NVIDIA-A100-SXM4-40GB", 1, True))
        self.by_ask = collections.defaultdict(list)
        for node in self.nodes:
            for each in node.offers:
                self.by_ask[node.product, each].append(node)
        self.workloads = [self.workload(number) for number in range(workloads)]
        self.fill_seven()
        for each in self.workloads:
            for index in range(each.replicas - len(each.pods)):
                each.pods.append(Pod(each, index + len(each.pods), self.place(each)))

    @staticmethod
    def workload(number):
        product = list(PRODUCTS)[number // 2 % len(PRODUCTS)]
        _, small, _, large, _ = PRODUCTS[product]
        return Workload(number, product, (resource(small), resource(small), resource(large), WHOLE)[(number // 3 + number // 12) % 4])

    def fill_seven(self):
        """The first seven pods that ask for such a slice are on the A100 that is cut into seven."""
        [seven] = [each for each in self.nodes if each.name == SEVEN]
        for each in self.workloads:
            if each.product == seven.product and each.asks in seven.offers and each.kind in ("Pod", "Job", "StatefulSet") and seven.free[each.asks] > 0:
                for index in range(min(each.replicas, seven.free[each.asks])):
                    seven.free[each.asks] -= 1
                    each.pods.append(Pod(each, index, seven))
        if seven.free.total() > 0:
            raise ValueError("too few workloads: the A100 in seven slices is not full")

    def place(self, workload):
        for node in self.by_ask[workload.product, workload.asks]:
            if node.free[workload.asks] > 0:
                node.free[workload.asks] -= 1
                return node
        return None

    @property
    def pods(self):
        return [pod for each in self.workloads for pod in each.pods]

    @property
    def running(self):
        return [pod for pod in self.pods if pod.node]

    def load(self, loader, address):
        """Into an empty cluster, over many connections. Not faster than its order allows: owners first, for their uid."""
        spaces = sorted({each.namespace for each in self.workloads})
        loader.create([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}} for each in spaces])
        loader.create([{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": each}} for each in spaces], there=True)
        loader.create_with_status([(each.object(), each.object()["status"]) for each in self.nodes])
        objects = [each for each in self.workloads if each.kind != "Pod"]
        owners = dict(zip((each.key for each in objects), loader.create([each.object() for each in objects])))
        deployments = [each for each in objects if each.kind == "Deployment"]
        sets = loader.create([each.replica_set(owners[each.key]) for each in deployments])
        owners |= dict(zip((each.key for each in deployments), sets))
        loader.create([each.autoscaler() for each in self.workloads if each.scaled])
        loader.create_with_status([(each.pod_object(pod, owners.get(each.key)), each.status(pod, address)) for each in self.workloads for pod in each.pods])
