"""A manifest as the judge sees it: its pod template, containers, annotations, resource keys (DESIGN 3, 3.1, 4)."""
import re
from dataclasses import dataclass, field

from quantity import parse, whole_bytes

TEMPLATE_AT = {"Pod": [], "Deployment": ["spec", "template"], "StatefulSet": ["spec", "template"],
               "ReplicaSet": ["spec", "template"], "DaemonSet": ["spec", "template"], "Job": ["spec", "template"],
               "CronJob": ["spec", "jobTemplate", "spec", "template"]}
API = {"Pod": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}
DOMAIN = "rightslice.io"
SHARING_KEYS = ("nvidia.com/gpumem", "nvidia.com/gpumem-percentage", "nvidia.com/gpucores")
SHARING_PREFIXES = ("volcano.sh/vgpu-", "koordinator.sh/gpu")
# facts/footprint.md and DESIGN 5: the words that every reading accepts; the generator uses no others.
QUANTIZATIONS = ("none", "fp8", "int8", "awq", "gptq", "nf4", "mxfp4", "nvfp4")
POSITIVE = re.compile(r"^[1-9]\d{0,8}$")
ANNOTATIONS = {"model": lambda v: bool(v.strip()), "footprint": lambda v: whole_bytes(v) is not None,
               "concurrency": lambda v: bool(POSITIVE.match(v)), "context": lambda v: bool(POSITIVE.match(v)),
               "quantization": lambda v: v in QUANTIZATIONS, "kv-cache-dtype": lambda v: v in ("auto", "fp8"),
               "min-compute-slices": lambda v: bool(POSITIVE.match(v)), "original-request": lambda v: True}


def escape(key):
    return key.replace("~", "~0").replace("/", "~1")


@dataclass
class Key:
    """One GPU resource key of a container, with what limits and requests say of it."""
    name: str
    limit: object = None
    request: object = None
    path: str = ""

    @property
    def raw(self):
        return self.limit if self.limit is not None else self.request

    @property
    def valid(self):
        if self.limit is None:
            return False
        value = parse(self.limit)
        if value is None or value < 0 or value.denominator != 1:
            return False
        return self.request is None or parse(self.request) == value

    @property
    def count(self):
        value = parse(self.raw)
        return int(value) if self.valid else None

    @property
    def asks_for_nothing(self):
        return all(v is None or parse(v) == 0 for v in (self.limit, self.request))


@dataclass
class Container:
    name: str
    body: dict
    path: str
    is_init: bool          # an ordinary init container: max instead of sum
    keys: list = field(default_factory=list)
    sharing: list = field(default_factory=list)

    def env(self):
        return {e["name"]: e.get("value") for e in self.body.get("env", [])}

    def flags(self):
        """--k v and --k=v of a vLLM command line, None for a container without an engine that we read."""
        words = list(self.body.get("command", [])) + list(self.body.get("args", []))
        if not self.body.get("image", "").startswith("vllm/vllm-openai"):
            return None
        found = {}
        for at, word in enumerate(words):
            if word.startswith("--"):
                name, equals, value = word[2:].partition("=")
                found[name] = value if equals else (words[at + 1] if at + 1 < len(words) else None)
        return found


class Workload:
    def __init__(self, manifest, default_namespace="default"):
        self.manifest = manifest
        self.kind = manifest.get("kind")
        meta = manifest.get("metadata", {})
        self.name = meta.get("name", "")
        self.namespace = meta.get("namespace") or default_namespace
        self.labels = meta.get("labels", {}) or {}
        self.known = self.kind in TEMPLATE_AT
        self.template = {}
        if not self.known:
            return
        steps = TEMPLATE_AT[self.kind]
        self.prefix = "".join("/" + s for s in steps)
        node = manifest
        for step in steps:
            node = node.get(step, {})
        self.template = node
        self.spec = node.get("spec", {})
        self.containers = [c for part in ("initContainers", "containers") for c in self._containers(part)]
        spec = manifest.get("spec", {})
        self.replicas = spec.get("replicas", 1) if self.kind in ("Deployment", "StatefulSet", "ReplicaSet") else 1
        self.owner = next((o for o in meta.get("ownerReferences", []) if o.get("controller")), None)

    def _containers(self, part):
        for index, body in enumerate(self.spec.get(part, [])):
            path = f"{self.prefix}/spec/{part}/{index}"
            ordinary = part == "initContainers" and body.get("restartPolicy") != "Always"
            container = Container(body["name"], body, path, ordinary)
            resources = body.get("resources", {})
            limits, requests = resources.get("limits", {}) or {}, resources.get("requests", {}) or {}
            for name in list(limits) + [r for r in requests if r not in limits]:
                where = "limits" if name in limits else "requests"
                key = Key(name, limits.get(name), requests.get(name), f"{path}/resources/{where}/{escape(name)}")
                if name in SHARING_KEYS or name.startswith(SHARING_PREFIXES):
                    if not key.asks_for_nothing:
                        container.sharing.append(key)
                elif is_gpu_key(name) and not key.asks_for_nothing:
                    container.keys.append(key)
            yield container

    def annotation_maps(self):
        """(path of the map, map), the pod template before the object."""
        maps = [(self.prefix + "/metadata/annotations", self.template.get("metadata", {}).get("annotations", {}) or {})]
        if self.prefix:
            maps.append(("/metadata/annotations", self.manifest.get("metadata", {}).get("annotations", {}) or {}))
        return maps

    def annotation(self, container, key):
        """The first well-formed value: with the container's prefix before without, template before object."""
        for name in (f"{container}.{DOMAIN}/{key}", f"{DOMAIN}/{key}"):
            for _, values in self.annotation_maps():
                if name in values and ANNOTATIONS[key](values[name]):
                    return values[name]
        return None

    def invalid_annotations(self):
        """(container or None, path) of each malformed value, unknown key or prefix without a container."""
        names = {c.name for c in self.containers}
        for path, values in self.annotation_maps():
            for name, value in values.items():
                domain, _, key = name.partition("/")
                if domain != DOMAIN and not domain.endswith("." + DOMAIN):
                    continue
                prefix = domain[: -len(DOMAIN) - 1] if domain != DOMAIN else None
                stranger = prefix is not None and prefix not in names
                if stranger or key not in ANNOTATIONS or not ANNOTATIONS[key](value):
                    yield (None if prefix is None or stranger else prefix), f"{path}/{escape(name)}"

    def selection(self):
        """What node selection says: key -> set of values that are left, absent where nothing is said (3.2)."""
        found = {}
        for key, value in (self.spec.get("nodeSelector", {}) or {}).items():
            found[key] = [value]
        required = (((self.spec.get("affinity") or {}).get("nodeAffinity") or {})
                    .get("requiredDuringSchedulingIgnoredDuringExecution") or {})
        return found, required.get("nodeSelectorTerms", [])


def is_gpu_key(name):
    if name in ("nvidia.com/gpu", "nvidia.com/gpu.shared") or name.startswith(("nvidia.com/mig-", "mig.das.com/")):
        return True
    return bool(re.match(r"^nvidia\.com/mig\d", name))
