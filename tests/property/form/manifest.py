"""A Form as objects of Kubernetes."""
import random
from dataclasses import dataclass, field

POD = ("spec",)
TEMPLATE = ("spec", "template", "spec")


@dataclass
class Kind:
    version: str
    path: tuple
    plural: str
    aliases: list = field(default_factory=list)
    around: dict = field(default_factory=dict)  # of spec


KINDS = {
    "Pod": Kind("v1", POD, "pods"),
    "Deployment": Kind("apps/v1", TEMPLATE, "deployments", ["apps/v1beta1", "apps/v1beta2", "extensions/v1beta1"], {"replicas": 1}),
    "StatefulSet": Kind("apps/v1", TEMPLATE, "statefulsets", ["apps/v1beta2"], {"replicas": 1}),
    "ReplicaSet": Kind("apps/v1", TEMPLATE, "replicasets", ["extensions/v1beta1"], {"replicas": 1}),
    "DaemonSet": Kind("apps/v1", TEMPLATE, "daemonsets", ["apps/v1beta2"]),
    "ReplicationController": Kind("v1", TEMPLATE, "replicationcontrollers", [], {"replicas": 1}),
    "Job": Kind("batch/v1", TEMPLATE, "jobs"),
    "CronJob": Kind("batch/v1", ("spec", "jobTemplate", "spec", "template", "spec"), "cronjobs", ["batch/v1beta1"], {"schedule": "@daily"}),
    "Rollout": Kind("argoproj.io/v1alpha1", TEMPLATE, "rollouts", [], {"replicas": 1}),
}


# Where annotations say nothing of the workload; for "job" see the contract: the pod template's count, then the object's.
WRONG_LEVELS = ["spec", "pod", "container", "template", "job", "status", "managedFields"]


def container_of(form, rng):
    plain = form.launch.container(rng)
    if form.hide_model:
        flag = form.launch.engine.model_flag
        plain = {"image": plain["image"], "args": [flag, "$(MODEL)"],
                 "env": [{"name": "MODEL", "valueFrom": {"configMapKeyRef": {"name": "models", "key": "chat"}}}]}
        if form.launch.engine.programs:
            plain["command"] = form.launch.engine.programs[-1 if form.launch.engine.name != "vllm" else 1]
    if form.opaque:
        plain = {"image": "registry.example/team/run:1", "command": form.opaque}
    limits = {**({form.limited(): form.quantity} if form.limited() else {}), **form.resources}
    resources = {"limits": limits}
    if form.requests is True:
        resources["requests"] = dict(limits)
    elif form.requests is not False:
        resources["requests"] = form.requests
    if form.by_claim():
        resources["claims"] = form.claiming.uses(rng)[0]
    out = {"name": form.name, **plain, "resources": resources}
    for name in rng.sample(["env", "ports", "volumeMounts", "livenessProbe", "lifecycle", "command", "args", "envFrom"], min(form.nothing, 8)):
        out.setdefault(name, rng.choice([None, [] if name not in ("livenessProbe", "lifecycle") else None]))
    return out


def pod_spec(form, rng):
    own = container_of(form, rng)
    plain = {"name": "web", "image": "nginx:1"}
    spec = {"containers": [], "initContainers": []}
    if form.by_claim():
        spec["resourceClaims"] = form.claiming.pod_claims(form.tag, rng)
    if form.place == "containers":
        spec["containers"].append(own)
    else:
        if form.place == "sidecar":
            own["restartPolicy"] = "Always"
        spec["initContainers"].append(own)
        spec["containers"].append(plain)
    for where, container in form.around:
        if where == "before":
            spec["containers"].insert(0, container)
        elif where == "after":
            spec["containers"].append(container)
        else:
            spec["initContainers"].append({**container, **({"restartPolicy": "Always"} if where == "sidecar" else {})})
    if form.by_claim() and form.claiming.ask.helper:
        helper = {"name": "helper", "image": "busybox:1", "command": ["sleep", "infinity"], "resources": {"claims": form.claiming.uses(rng)[1]}}
        spec["containers"].insert(rng.randrange(len(spec["containers"]) + 1), helper)
    level, annotations = form.wrong_level
    if level == "pod":
        spec["annotations"] = annotations
    if level == "container":
        own |= {"annotations": annotations, "metadata": {"annotations": annotations}}
    if form.ephemeral:
        spec["ephemeralContainers"] = form.ephemeral
    if not spec["initContainers"] and rng.random() < 0.7:
        del spec["initContainers"]
    return spec


def object_of(form, seed):
    """The same for the same seed."""
    rng = random.Random(seed)
    kind = KINDS[form.kind]
    version = form.api_version if form.api_version in kind.aliases else kind.version
    metadata = {"namespace": "team-a", **form.metadata}
    pod = pod_spec(form, rng)
    out = {"apiVersion": version, "kind": form.kind, "metadata": metadata}
    if kind.path == POD:
        out["spec"] = {**pod, **form.spec}
        if form.pod_annotations:
            metadata["annotations"] = {**metadata.get("annotations", {}), **form.pod_annotations}
    else:
        template = {"metadata": {"labels": {"app": "chat"}, **({"annotations": form.pod_annotations} if form.pod_annotations else {})}, "spec": pod}
        for step in reversed(kind.path[1:-1]):
            template = {step: template}
        if form.kind == "CronJob":
            template = {"jobTemplate": {"spec": {"template": template["jobTemplate"]["spec"]["template"]}}}
        out["spec"] = {**kind.around, **form.spec, **template}
    if form.status is not None:
        out["status"] = form.status
    put_at_a_wrong_level(out, kind, *form.wrong_level)
    return out


def put_at_a_wrong_level(thing, kind, level, annotations):
    if level == "spec":
        thing["spec"]["annotations"] = annotations
    if level == "template" and kind.path != POD:
        holder = thing
        for step in kind.path[:-1]:
            holder = holder[step]
        holder["annotations"] = annotations
    if level == "job" and "jobTemplate" in thing["spec"]:
        thing["spec"]["jobTemplate"]["metadata"] = {"annotations": annotations}
    if level == "status":
        thing["status"] = {**thing.get("status", {}), "annotations": annotations, "metadata": {"annotations": annotations}}
    if level == "managedFields":
        thing["metadata"]["managedFields"] = [{"manager": "m", "operation": "Apply", "annotations": annotations}]


def objects_of(form, seed):
    """The workload, and what it asks by, in any order."""
    rng = random.Random(seed)
    out = [object_of(form, seed), *(form.claiming.objects(form.tag, rng) if form.claiming else [])]
    rng.shuffle(out)
    return out
