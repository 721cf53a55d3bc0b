"""Rewrites that leave the meaning of a workload as it is. Each is a function of a Form and a random generator and gives whether it could
be applied; the law of all of them is: the same verdict. Laws in words: README.md."""
import launch
import manifest
from claiming import Claiming
from launch import INITS, SCRIPTS, SHELLS, WRAPPERS

# How the command line is written.


def as_image_entry_point(form, rng):
    del rng
    if not form.launch.engine.image_starts or form.launch.engine.name == "ollama":
        return False
    form.launch.program, form.launch.positional = None, False
    form.launch.before, form.launch.shell, form.launch.variable_way = [], None, None
    return True


def by_another_program(form, rng):
    engine = form.launch.engine
    if not engine.programs or form.launch.program is None:
        return False
    at = rng.randrange(len(engine.programs))
    form.launch.program, form.launch.positional = engine.programs[at], at in engine.positional
    return True


def program_by_path(form, rng):
    if form.launch.program is None:
        return False
    first, *rest = form.launch.program
    form.launch.program = [rng.choice(["/usr/local/bin/", "./", "/opt/venv/bin/"]) + first.rpartition("/")[2], *rest]
    return True


def args_begin_elsewhere(form, rng):
    form.launch.split = rng.randrange(40)
    return form.launch.program is not None


def in_a_shell(form, rng):
    if form.launch.program is None:
        return False
    form.launch.shell = (rng.choice(SHELLS), rng.choice(SCRIPTS))
    return True


def behind_a_wrapper(form, rng):
    if form.launch.program is None:
        return False
    form.launch.before = rng.choice([[], [], rng.choice(INITS)]) + rng.choice(WRAPPERS)
    return True


def flags_in_another_order(form, rng):
    rng.shuffle(form.launch.flags)
    return len(form.launch.flags) > 1


def flag_equals_value(form, rng):
    form.launch.joined = {flag for flag, _ in form.launch.flags if rng.random() < 0.6}
    return bool(form.launch.joined)


def flag_by_another_name(form, rng):
    one = form.launch
    for flag, _ in one.flags:
        if not flag.startswith("--"):
            continue
        choices = list(one.engine.shorts.get(flag, []))
        if one.engine.underscores:
            choices.append("--" + flag[2:].replace("-", "_"))
        if choices and rng.random() < 0.7:
            one.spelling[flag] = rng.choice(choices)
    return bool(one.spelling)


def an_earlier_flag_that_the_last_wins_over(form, rng):
    many = [(f, v) for f, v in form.launch.flags if v is not None and f.startswith("--") and f != form.launch.engine.model_flag]
    if not many or form.launch.references:
        return False
    flag, _ = rng.choice(many)
    form.launch.repeated = (flag, rng.choice(form.launch.engine.flags[flag]))
    return True


def value_from_a_variable(form, rng):
    many = [f for f, v in form.launch.flags if v is not None]
    if not many:
        return False
    for flag in many:
        if rng.random() < 0.6:
            form.launch.references[flag] = "V_" + flag.strip("-").replace("-", "_").upper()
    return bool(form.launch.references)


def flag_as_variable(form, rng):
    done = False
    for flag, value in list(form.launch.flags):
        if flag in form.launch.engine.variables and flag not in form.launch.references and value is not None and rng.random() < 0.7:
            form.launch.to_variable(flag)
            done = True
    return done


def variables_on_the_way(form, rng):
    if form.launch.program is None or not form.launch.env:
        return False
    form.launch.variable_way = rng.choice(["prefix", "export", "wrapper"])
    if form.launch.variable_way != "wrapper" and form.launch.shell is None:
        form.launch.shell = (rng.choice(SHELLS), rng.choice(SCRIPTS))
    return True


# How the container and the pod are written.


def quantity_in_another_spelling(form, rng):
    if form.limited() is None or form.count not in (1, 2):
        return False
    n = form.count
    form.quantity = rng.choice([n, str(n), f"{n}000m", f"{n}.0", f"{n}e0", f"+{n}", f"0{n}", f"0.00{n}k", f"{n}000000u", float(n), f"{n}.", f"{n}E0"])
    return True


def limits_alone(form, rng):
    form.requests = rng.choice([False, True, None, {}])
    return True


def other_resources(form, rng):
    form.resources = rng.choice([{"cpu": "4", "memory": "16Gi"}, {"cpu": 0.5, "memory": "16384Mi"}, {"memory": 17179869184, "nvidia.com/gpumem": "0"},
                                 {"nvidia.com/mig-7g.80gb": 0, "ephemeral-storage": "1Gi"}])
    return form.resource not in form.resources or form.resources.clear()


def image_by_mirror_or_digest(form, rng):
    name, tag = form.launch.image.rsplit(":", 1) if ":" in form.launch.image.rpartition("/")[2] else (form.launch.image, "latest")
    digest = "@sha256:" + "0123456789abcdef" * 4
    mirror = "" if name.startswith("nvcr.io") else rng.choice(["", "mirror.example:5000/", "registry.example/proxy/", "docker.io/"])
    form.launch.image = mirror + name + ":" + tag + rng.choice(["", digest])
    return True


def other_containers(form, rng):
    plain = {"name": "log", "image": "busybox:1", "command": ["sleep", "infinity"]}
    form.around.append((rng.choice(["before", "after", "init", "sidecar"]), {**plain, "name": f"log-{len(form.around)}"}))
    return True


def in_another_list_of_containers(form, rng):
    beside = form.claiming and form.claiming.ask.helper  # an init container shares with nobody that runs after it
    form.place = rng.choice(["containers", "sidecar"] if beside else ["containers", "initContainers", "sidecar"])
    return True


def another_container_name(form, rng):
    form.name = rng.choice(["m", "a" * 63, "0", "x-1"])
    return True


def members_that_say_nothing(form, rng):
    form.nothing += rng.randrange(1, 4)
    return True


# How the object is written.


def in_another_kind(form, rng):
    form.kind = rng.choice(list(manifest.KINDS))
    if form.kind == "DaemonSet" and form.claiming and form.claiming.ask.shared:
        form.kind = "Job"  # pods of all nodes would use the one claim
    return True


def api_version_alias(form, rng):
    aliases = manifest.KINDS[form.kind].aliases
    if not aliases:
        return False
    form.api_version = rng.choice(aliases)
    return True


def name_generated(form, rng):
    del rng
    form.metadata.pop("name", None)
    form.metadata["generateName"] = "chat-"
    return True


def an_owner_that_does_not_exist(form, rng):
    owner = {"apiVersion": "apps/v1", "kind": rng.choice(["ReplicaSet", "Deployment", "Gizmo", "Node", "StatefulSet"]),
             "name": "ghost", "uid": "u-1", "controller": True}
    other = {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u-2"}
    form.metadata["ownerReferences"] = rng.choice([[owner], [other, owner], [{**owner, "controller": False}],
                                                   [{**owner, "blockOwnerDeletion": True}]])
    return True


def annotations_that_are_not_ours(form, rng):
    theirs = rng.choice([{"rightslice.io.example/footprint": "1Gi"}, {"example.com/footprint": "1Gi"}, {"footprint": "1Gi"},
                         {"note": "rightslice.io/footprint: 1Gi"}])
    form.metadata["annotations"] = {**form.metadata.get("annotations", {}), **theirs}
    return True


def annotations_as_labels(form, rng):
    form.metadata["labels"] = {**form.metadata.get("labels", {}), "rightslice.io/footprint": "1Gi", "rightslice.io/model": "small"}
    del rng
    return True


def annotations_at_a_wrong_level(form, rng):
    """Neither of the object nor of the pod template."""
    form.wrong_level = (rng.choice(manifest.WRONG_LEVELS), {"rightslice.io/footprint": rng.choice(["1Gi", "70Gi"]), "server.rightslice.io/model": "small"})
    return form.wrong_level[0] != "job" or form.kind == "CronJob"


def ephemeral_containers_beside(form, rng):
    """As an UPDATE of a Pod has them. They cannot ask for a GPU, whatever is written."""
    form.ephemeral.append({"name": "debug", "image": "vllm/vllm-openai:v0.8.5", "args": ["--model", "Qwen/Qwen2.5-7B-Instruct"],
                           **rng.choice([{}, {"targetContainerName": form.name}, {"resources": {"limits": {"nvidia.com/mig-3g.40gb": "1"}}}])})
    return True


def says_that_it_is_being_deleted(form, rng):
    del rng
    form.metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return True


def a_sharing_system_beside_a_slice(form, rng):
    """The slice is asked for by its own name or by a claim, so no sharing system hands it out."""
    if form.resource == "nvidia.com/gpu" and not form.claiming:
        return False
    key = rng.choice(["gpu-fraction", "hami.io/vgpu-devices", "nvidia.com/use-gputype", "gpu-memory"])
    form.pod_annotations[key] = "0.5"
    return True


def status_and_managed_fields(form, rng):
    form.metadata |= {"creationTimestamp": None, "managedFields": [{"manager": "kubectl", "operation": "Apply"}],
                      "resourceVersion": "1", "finalizers": ["x/y"]}
    form.status = rng.choice([{}, {"replicas": 3}, {"containers": [{"resources": {"limits": {}}}]}])
    return True


ALL = [as_image_entry_point, by_another_program, program_by_path, args_begin_elsewhere, in_a_shell, behind_a_wrapper,
       flags_in_another_order, flag_equals_value, flag_by_another_name, an_earlier_flag_that_the_last_wins_over,
       value_from_a_variable, flag_as_variable, variables_on_the_way, quantity_in_another_spelling, limits_alone,
       other_resources, image_by_mirror_or_digest, other_containers, in_another_list_of_containers,
       another_container_name, members_that_say_nothing, in_another_kind, api_version_alias, name_generated,
       an_owner_that_does_not_exist, annotations_that_are_not_ours, annotations_as_labels,
       annotations_at_a_wrong_level, ephemeral_containers_beside, says_that_it_is_being_deleted, a_sharing_system_beside_a_slice,
       status_and_managed_fields]


class Form:
    """One way to write a Serving."""

    def __init__(self, serving, tag="", kind="Deployment"):
        self.launch = launch.Launch(serving)
        self.tag = tag  # in the names of objects beside the workload: what is judged together shares them
        self.claiming = Claiming(serving.ask) if serving.ask else None
        self.resource, self.count = serving.resource, (serving.ask or serving).count
        self.quantity = str(self.count)
        self.requests, self.resources = True, {}
        self.around, self.place, self.name, self.nothing = [], "containers", "server", 0
        self.kind, self.api_version = kind, None
        self.metadata, self.spec, self.pod_annotations, self.status = {"name": "chat"}, {}, {}, None
        self.wrong_level, self.ephemeral = (None, {}), []
        self.hide_model, self.opaque = False, None  # what makes it unsure

    def by_claim(self):
        return self.claiming is not None and not self.claiming.resource

    def limited(self):
        """The resource that it asks for, if it asks by one."""
        if self.claiming is None:
            return self.resource
        return self.claiming.limits(self.tag) if self.claiming.resource else None


# Unsure: what a rewrite hides may only make the verdict a warning at least, never a silent yes.


def model_from_a_config_map(form, rng):
    del rng
    if not form.launch.engine.model_flag.startswith("--"):
        return False
    form.hide_model = True
    return True


def behind_a_script_that_is_not_here(form, rng):
    if form.launch.engine.image_starts and form.launch.engine.name == "nim":
        return False
    form.opaque = rng.choice([["sh", "/start.sh"], ["sh", "-c", "curl -s http://x/run.sh | sh"], ["python3", "-c", "import run"],
                              ["/start.sh"], ["sh", "-c", "$START"], ["sh", "-c", "echo dmxsbSBzZXJ2ZQo= | base64 -d | sh"]])
    return True


def beside_another_server(form, rng):
    if form.launch.program is None or form.launch.engine.name != "vllm":
        return False
    other = "vllm serve Qwen/Qwen2.5-1.5B-Instruct"
    form.launch.positional = True
    form.launch.program = ["vllm", "serve"]
    scripts = [other + " || {}", other + " & {}", "if [ $A ]; then " + other + "; else {}; fi", other + "; {}", "{} & " + other]
    form.launch.shell = (["sh", "-c"], rng.choice(scripts))
    return True


UNSURE = [model_from_a_config_map, behind_a_script_that_is_not_here, beside_another_server]
