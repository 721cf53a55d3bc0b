#!/usr/bin/env python3
"""What is installed in a cluster: the YAML is valid, refers only to what is there, and is as locked down as it says.
kubectl, where there is one, builds every overlay.

usage: deploy.py [PROGRAM]
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUSTOMIZE = DEPLOY / "kustomize"
DRAIN_SECONDS = 20   # limits::kDrainTimeout
PROJECT = re.search(r"project\(rightslice VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
found = []


def claim(condition, message):
    if not condition:
        found.append(message)


def documents(path):
    try:
        return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]
    except yaml.YAMLError as error:
        found.append(f"{path.relative_to(ROOT)}: {error}")
        return []


def files_of_kustomizations():
    """Every file that a kustomization names is there, and every YAML file is named by one."""
    named = set()
    for path in KUSTOMIZE.rglob("kustomization.yaml"):
        for document in documents(path):
            maps = [file for each in document.get("configMapGenerator", []) for file in each.get("files", [])]
            for name in document.get("resources", []) + document.get("components", []) + maps:
                target = (path.parent / name).resolve()
                claim(target.exists(), f"{path.relative_to(ROOT)}: {name} is not there")
                named.add(target)
    for path in KUSTOMIZE.rglob("*.yaml"):
        claim(path.name == "kustomization.yaml" or path.resolve() in named, f"{path.relative_to(ROOT)}: no kustomization names it")


def copies():
    """Kustomize may not read files above its folder: the policies are copies."""
    for copy, original in (("base/policies/audit.yaml", "audit"), ("overlays/enforce/policies/inference.yaml", "inference")):
        claim((KUSTOMIZE / copy).read_text() == (ROOT / "policies" / original / "policy.yaml").read_text(),
              f"deploy/kustomize/{copy} is not policies/{original}/policy.yaml; copy it")


def leases(one, pod, where):
    """One Lease, of its own namespace, by which a replica leads."""
    role, binding = one["Role"], one["RoleBinding"]
    claim(binding["roleRef"]["name"] == role["metadata"]["name"] and
          binding["subjects"] == [{"kind": "ServiceAccount", "name": pod["serviceAccountName"], "namespace": "rightslice"}], f"{where}: the binding of the Role")
    of_leases = [rule for rule in role["rules"] if rule["resources"] == ["leases"]]
    claim([(rule["apiGroups"], rule.get("resourceNames"), rule["verbs"]) for rule in of_leases] ==
          [(["coordination.k8s.io"], None, ["create"]), (["coordination.k8s.io"], ["rightslice"], ["get", "patch"])], f"{where}: the Role's leases")


def self_managed(roles, flags, files, where):
    """The program keeps its certificates: what it names is what its roles name, and they allow nothing else."""
    claim(not files, f"{where}: --cert-secret, and files too")
    namespace, secret = flags["--cert-secret"].split("/")
    claim(flags["--service"] == "rightslice/rightslice" and flags["--webhook-configuration"] == "rightslice", f"{where}: {flags}")
    rules = {each["kind"]: each["rules"] for each in roles if "rules" in each}
    allowed = [(rule["resources"], rule.get("resourceNames"), rule["verbs"]) for rule in rules["Role"]]
    claim(allowed == [(["secrets"], None, ["create"]), (["secrets"], [secret], ["get", "list", "watch", "patch"]),
                      (["leases"], None, ["create"]), (["leases"], [secret], ["get", "patch"])], f"{where}: the Role for the Secret: {allowed}")
    claim([(rule["resourceNames"], rule["verbs"]) for rule in rules["ClusterRole"]] == [(["rightslice"], ["list", "watch", "patch"])],
          f"{where}: the ClusterRole for webhook configurations")
    claim(all(each["metadata"].get("namespace") == namespace for each in roles if not each["kind"].startswith("Cluster")), f"{where}: its namespace")


def audit_roles():
    """A look reads what the webhook follows, and budgets; it writes objects of one name."""
    components = KUSTOMIZE / "components"
    [read] = [each for each in documents(components / "audit/rbac.yaml") if each["kind"] == "ClusterRole"]
    [write] = [each for each in documents(components / "audit-reports/rbac.yaml") if each["kind"] == "ClusterRole"]
    [job] = [each for each in documents(components / "audit-job/rbac.yaml") if each["kind"] == "ClusterRole"]
    [base] = [each for each in documents(KUSTOMIZE / "base/clusterrole.yaml") if each["kind"] == "ClusterRole"]

    def rights(rules, names=None):
        return {(group, resource, verb) for rule in rules if rule.get("resourceNames") == names
                for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]}
    claim(rights(read["rules"]) == {("policy", "poddisruptionbudgets", "list")}, "components/audit: the role")
    kinds = {("wgpolicyk8s.io", "policyreports"), ("wgpolicyk8s.io", "clusterpolicyreports"), ("openreports.io", "reports"), ("openreports.io", "clusterreports")}
    claim(rights(write["rules"]) == {(*kind, "create") for kind in kinds}, "components/audit-reports: what it may do to any report")
    claim(rights(write["rules"], ["rightslice"]) == {(*kind, verb) for kind in kinds for verb in ("list", "patch", "delete")}, "components/audit-reports: what it may do to its own")
    lists = {right for right in rights(base["rules"]) if right[2] == "list"}
    claim(rights(job["rules"]) == lists | rights(read["rules"]) | rights(write["rules"]), "components/audit-job: not the lists of the base, and those of audit and audit-reports")
    claim(rights(job["rules"], ["rightslice"]) == rights(write["rules"], ["rightslice"]), "components/audit-job: what it may do to its own reports")


def workload(objects, where, program):
    # Roles of the components come beside those of the base, which are looked at here.
    of_audit = [each for each in objects if each["metadata"]["name"] in ("rightslice-audit", "rightslice-reports", "rightslice-audit-job")]
    own = [each for each in objects if each["metadata"]["name"] != "rightslice-certificates" and each not in of_audit]
    one = {each["kind"]: each for each in own}
    deployment, service, budget = one["Deployment"], one["Service"], one["PodDisruptionBudget"]
    spec = deployment["spec"]
    pod = spec["template"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    for name, selector in (("Deployment", spec["selector"]["matchLabels"]), ("Service", service["spec"]["selector"]),
                           ("PodDisruptionBudget", budget["spec"]["selector"]["matchLabels"]),
                           *(("topologySpreadConstraints", each["labelSelector"]["matchLabels"]) for each in pod["topologySpreadConstraints"])):
        claim(selector and selector.items() <= labels.items(), f"{where}: the selector of {name} does not select the pods")
    claim(spec["replicas"] >= 3 and budget["spec"]["maxUnavailable"] == 1, f"{where}: replicas and PodDisruptionBudget")
    claim(spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, f"{where}: maxUnavailable must be 0")
    claim(pod["serviceAccountName"] == one["ServiceAccount"]["metadata"]["name"], f"{where}: the ServiceAccount is not there")
    claim(pod["automountServiceAccountToken"] is True and one["ServiceAccount"]["automountServiceAccountToken"] is False,
          f"{where}: the token is mounted by the Deployment, and by nobody else")
    binding = one["ClusterRoleBinding"]
    claim(binding["roleRef"]["name"] == one["ClusterRole"]["metadata"]["name"] and
          binding["subjects"] == [{"kind": "ServiceAccount", "name": pod["serviceAccountName"], "namespace": "rightslice"}], f"{where}: the binding of the role")
    for rule in one["ClusterRole"]["rules"]:
        status = all(resource.endswith("/status") for resource in rule["resources"])
        needed = ["create", "patch"] if rule["resources"] == ["events"] else ["patch"] if status else ["list", "watch"]
        if rule["resources"] == ["resourceclaimtemplates", "resourceclaims"]:
            needed = ["get", "list", "watch"]   # one that was applied a moment ago is asked for by name
        claim(rule["verbs"] == needed, f"{where}: the role may do more than it needs: {rule}")
        claim(not {"*", "secrets", "configmaps"} & {*rule["resources"], *rule["apiGroups"], *rule["verbs"]}, f"{where}: the role is too wide: {rule}")
    leases(one, pod, where)
    claim(pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0, f"{where}: runs as root")
    claim(pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", f"{where}: no seccomp profile")
    claim(not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), f"{where}: uses the host")
    [container] = pod["containers"]
    security = container["securityContext"]
    claim(security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"] and security["capabilities"] == {"drop": ["ALL"]},
          f"{where}: securityContext of the container")
    claim(container["resources"]["requests"].keys() >= {"cpu", "memory"} and "memory" in container["resources"]["limits"], f"{where}: resources")

    flags = dict(each.split("=", 1) for each in container["args"][1:])
    claim(container["args"][0] == "serve" and all(flag.startswith("--") for flag in flags), f"{where}: args {container['args']}")
    delay = int(re.fullmatch(r"(\d+)s", flags["--shutdown-delay"])[1])
    claim(pod["terminationGracePeriodSeconds"] > delay + DRAIN_SECONDS, f"{where}: the grace period ends before the drain")
    if program:
        known = subprocess.run([program, "serve", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        for flag in flags:
            claim(re.search(rf"{flag}\b", known), f"{where}: rightslice serve has no {flag}")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    claim(flags["--listen"].endswith(f":{ports['webhook']}") and flags["--ops-listen"].endswith(f":{ports['ops']}"), f"{where}: ports")
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        claim(container[probe]["httpGet"] == {"path": path, "port": "ops"}, f"{where}: {probe}")
    claim([port["targetPort"] for port in service["spec"]["ports"]] == ["webhook"], f"{where}: the Service's port")

    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    for mount in mounts.values():
        claim(mount["name"] in volumes and mount["readOnly"] and "subPath" not in mount, f"{where}: the mount {mount['name']}")
    of_files = "--cert-secret" not in flags
    if not of_files:
        self_managed([each for each in objects if each not in own], flags, {"--cert", "--key"} & {*flags} or "certs" in volumes, where)
    for flag in ("--cert", "--key", "--policies") if of_files else ("--policies",):
        claim(any(flags[flag] == path or flags[flag].startswith(path + "/") for path in mounts), f"{where}: {flag} points to no mount")
    claim(volumes["policies"]["configMap"]["name"] == one["ConfigMap"]["metadata"]["name"], f"{where}: the ConfigMap is not there")
    certificates = [each for each in objects if each["kind"] == "Certificate"]
    if certificates:
        claim(volumes["certs"]["secret"]["secretName"] in [each["spec"]["secretName"] for each in certificates], f"{where}: the Secret")
    for each in objects:
        claim(each["kind"] in ("Namespace", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ClusterRole", "ClusterRoleBinding") or
              each["metadata"].get("namespace") == "rightslice", f"{where}: {each['kind']} {each['metadata']['name']} is in no namespace")


def beside(webhook, first, at):
    """What holds for every webhook but the first."""
    claim(webhook["clientConfig"]["service"] == {**first["clientConfig"]["service"], "path": "/validate"}, f"{at}: service of {webhook['name']}")
    claim(webhook["failurePolicy"] == "Ignore" and webhook["sideEffects"] == "NoneOnDryRun" and webhook["timeoutSeconds"] <= 5, f"{at}: {webhook['name']}")


def claims_webhook(webhook, first, at):
    """Claims of DRA by themselves, in every version in which they may be served; those that Kubernetes makes are nobody's."""
    beside(webhook, first, at)
    [rule], [condition] = webhook["rules"], webhook["matchConditions"]
    claim(rule["apiGroups"] == ["resource.k8s.io"] and set(rule["resources"]) == {"resourceclaims", "resourceclaimtemplates"}, f"{at}: rules of {webhook['name']}")
    claim(set(rule["apiVersions"]) == {"v1", "v1beta2", "v1beta1"}, f"{at}: versions of {webhook['name']}")
    claim("ownerReferences" in condition["expression"] and condition["expression"].startswith("!"), f"{at}: matchConditions of {webhook['name']}")
    claim(webhook["namespaceSelector"] == first["namespaceSelector"], f"{at}: namespaces of {webhook['name']}")


def policy_webhook(webhook, first, at):
    """The one for our own resources."""
    beside(webhook, first, at)
    [rule] = webhook["rules"]
    plurals = {path.name.split(".")[0] for path in (DEPLOY / "crds").glob("*.crd.yaml")}
    claim(set(rule["resources"]) == plurals and rule["apiGroups"] == ["rightslice.io"] and rule["scope"] == "*", f"{at}: rules of {webhook['name']}")
    claim("namespaceSelector" not in webhook, f"{at}: {webhook['name']} leaves policies out")


def scale_webhook(webhook, first, at):
    beside(webhook, first, at)
    for rule in webhook["rules"]:
        claim(all(resource.endswith("/scale") for resource in rule["resources"]) and rule["operations"] == ["UPDATE"], f"{at}: rules of {webhook['name']}")
    kinds = {(resource.removesuffix("/scale"), group) for resource, group in pairs(webhook["rules"])}
    claim(kinds <= judged_kinds(), f"{at}: scales of {sorted(kinds - judged_kinds())}, which policies/kinds.md has not")
    replicated = {("deployments", "apps"), ("statefulsets", "apps"), ("replicasets", "apps"), ("replicationcontrollers", "")}
    claim(replicated <= kinds, f"{at}: no rule for the scale of {sorted(replicated - kinds)}")
    claim(webhook["namespaceSelector"] == first["namespaceSelector"], f"{at}: namespaces of {webhook['name']}")


def patched_by_hand(objects):
    """The commands of certs/README.md reach every webhook: one without the CA cannot be called, and where it fails open nobody notices."""
    text = (ROOT / "certs/README.md").read_text(encoding="utf-8")
    patched = re.search(r"^for webhook in (.*); do$", text, re.M)[1].split()
    there = [f"{each['kind'].removesuffix('WebhookConfiguration').lower()}/{index}" for each in objects if each["kind"].endswith("WebhookConfiguration")
             for index, _ in enumerate(each["webhooks"])]
    claim(sorted(patched) == sorted(there), f"certs/README.md: the caBundle is written to {' '.join(patched)}; there are {' '.join(sorted(there))}")


# Kinds of policies/kinds.md that stand in no rule, and why.
UNSENT = {
    ("podcliquescalinggroups", "grove.io"): "has no pods of its own",
    ("clusterservingruntimes", "serving.kserve.io"): "is in no namespace, and so under no policy of one; what is made of it is judged",
    ("deployments", "extensions"): "no longer served", ("replicasets", "extensions"): "no longer served", ("daemonsets", "extensions"): "no longer served",
}


def let_out(objects):
    """The emergency's loop reaches every webhook that is asked about namespaces, where it thinks their list is."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    reached = [int(index) for index in re.search(r"^for index in (.*); do$", text, re.M)[1].split()]
    [hooks] = [each["webhooks"] for each in objects if each["kind"] == "ValidatingWebhookConfiguration"]
    there = [index for index, hook in enumerate(hooks) if hook.get("namespaceSelector", {}).get("matchExpressions", [{}])[0].get("operator") == "NotIn"]
    claim(reached == there, f"deploy/README.md: one namespace is let out of {reached}; there are {there}")


def overlay_of_the_page():
    """The kustomization that the page shows, as a file of an overlay of one's own."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"^```yaml\n# deploy/kustomize/overlays/ours/kustomization.yaml\n(.*?)^```", text, re.M | re.S)[1]
    with tempfile.TemporaryDirectory() as folder:
        ours = shutil.copytree(KUSTOMIZE, pathlib.Path(folder, "kustomize")) / "overlays/ours"
        ours.mkdir()
        (ours / "kustomization.yaml").write_text(shown, encoding="utf-8")
        run = subprocess.run(["kubectl", "kustomize", ours], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    claim(run.returncode == 0, f"deploy/README.md: the overlay of one's own: {run.stdout}")


def judged_kinds():
    """Resource -> group, of every kind that is judged (policies/kinds.md, which is generated). No plural there is irregular."""
    page = (DEPLOY.parent / "policies/kinds.md").read_text(encoding="utf-8").split("## Who creates their children")[0]
    kinds = re.findall(r"^\| ([A-Z]\w+) \| ([a-z0-9.-]+) \| ", page, re.M)
    claim(len(kinds) > 40, f"policies/kinds.md: {len(kinds)} kinds")
    return {(kind.lower() + "s", "" if group == "core" else group) for kind, group in kinds}


def every_kind_is_sent(configuration, at):
    """The kinds of the rules are those of the table, no more and no fewer: an owner that nobody was asked about vouches for its pods all the same."""
    claims = {"resourceclaims", "resourceclaimtemplates"}
    sent = {each for webhook in configuration["webhooks"] if not webhook["name"].startswith(("policies.", "scale.")) for each in pairs(webhook["rules"])}
    wanted = {each for each in judged_kinds() if configuration["kind"].startswith("Valid") or each[0] not in claims}   # /mutate writes into no claim
    claim(wanted - sent == set(UNSENT), f"{at}: no rule for {sorted(wanted - sent - set(UNSENT))}; a rule for {sorted(set(UNSENT) - (wanted - sent))}")
    claim(sent <= wanted, f"{at}: rules for {sorted(sent - wanted)}, which policies/kinds.md has not")


def names_of_sharing(text, at):
    """matchConditions let through what the program takes for a share of a GPU, by any name of its tables, and no name that none of them has."""
    source = (ROOT / "webhook/gpu/resource_name.cpp").read_text(encoding="utf-8")
    lists = [re.findall(r"'([^']+)'", each) for each in re.findall(r"\[([^\[\]]+)\]\.exists\(p, k\.startsWith\(p\)\)", text)]
    claim(len(lists) == 2, f"{at}: {len(lists)} lists of names in matchConditions")
    own = ["nvidia.com/", "mig.das.com/"]
    also = re.findall(r"k\.startsWith\('([^']+)'\)", text)
    for prefixes, table, guard in zip(lists, ("kResources", "kAnnotations"), ("/", "gpu")):
        globs = re.findall(r'^ +\{"([^"]+)", "', re.search(rf"constexpr Sharing {table}\[\] = \{{\n(.*?)^\}};", source, re.M | re.S)[1], re.M)
        claim(len(globs) > 10, f"webhook/gpu/resource_name.cpp: {len(globs)} names in {table}")
        names = {glob: glob.replace("?*", "x").replace("*", "x") for glob in globs}
        for glob, name in names.items():
            listed = guard in name and name.startswith(tuple(prefixes))
            claim(listed or (table == "kAnnotations" and name.startswith(tuple(also))), f"{at}: matchConditions keep {glob} from the webhook")
        claim(all(any(name.startswith(prefix) for name in [*names.values(), *own]) for prefix in prefixes), f"{at}: matchConditions have a name that {table} has not")


def custom_resources():
    """Resource -> group, of all kinds that are read of clusters with a CRD (policies/kinds.md, which is generated)."""
    page = (DEPLOY.parent / "policies/kinds.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `([a-z]+\.[a-z0-9.-]+)` \|", page.split("## Where that is from")[1], re.M)
    claim(len(names) > 25, f"policies/kinds.md: {len(names)} resources")
    return {tuple(name.split(".", 1)) for name in names}


def pairs(rules):
    return {(resource, group) for rule in rules for group in rule["apiGroups"] for resource in rule["resources"]}


def serving_webhook(webhook, first, at):
    """The one for kinds of operators: whatever of them the first one does not have."""
    claim(webhook["failurePolicy"] == first["failurePolicy"], f"{at}: {webhook['name']}: as the first")
    claim(webhook["clientConfig"]["service"] == first["clientConfig"]["service"], f"{at}: service of {webhook['name']}")
    claim(webhook["namespaceSelector"] == first["namespaceSelector"], f"{at}: namespaces of {webhook['name']}")
    ours = pairs(first["rules"]) | pairs(webhook["rules"])
    unsent = custom_resources() - ours
    claim(unsent <= set(UNSENT), f"{at}: no rule for {sorted(unsent)}")
    claim(all(rule["apiVersions"] == ["*"] and rule["operations"] == ["CREATE", "UPDATE"] for rule in webhook["rules"]), f"{at}: {webhook['name']}")


def readable(objects, where):
    """All that is followed may be listed."""
    [role] = [each for each in objects if each["kind"] == "ClusterRole"]
    lists = pairs([rule for rule in role["rules"] if {"list", "watch"} <= set(rule["verbs"])])
    claim(custom_resources() <= lists, f"{where}: the ClusterRole does not grant {sorted(custom_resources() - lists)}")


def scan_reader():
    """Who scans may read all that is followed and what a drain hangs on, and change nothing."""
    where = "deploy/kustomize/components/scan-reader"
    scan, metrics = documents(KUSTOMIZE / "components/scan-reader/rbac.yaml")
    followed = pairs([rule for each in documents(KUSTOMIZE / "base/clusterrole.yaml") for rule in each.get("rules", []) if "list" in rule["verbs"]])
    granted = pairs(scan["rules"])
    claim(all(rule["verbs"] == ["get", "list"] for rule in scan["rules"]), f"{where}: verbs other than get and list")
    claim(granted == followed | {("poddisruptionbudgets", "policy")}, f"{where}: {sorted(granted ^ (followed | {('poddisruptionbudgets', 'policy')}))}")
    claim(metrics["rules"] == [{"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get"]}], f"{where}: the role for metrics")


def webhooks(objects, where, failure_policy):
    service = next(each for each in objects if each["kind"] == "Service")
    for kind, path, policy in (("ValidatingWebhookConfiguration", "/validate", failure_policy), ("MutatingWebhookConfiguration", "/mutate", "Ignore")):
        [configuration] = [each for each in objects if each["kind"] == kind]
        webhook = configuration["webhooks"][0]
        at = f"{where}: {kind}"
        more = {"serving.mutate.rightslice.io": serving_webhook}
        if kind.startswith("Valid"):
            more = {"serving.rightslice.io": serving_webhook, "claims.rightslice.io": claims_webhook,
                    "policies.rightslice.io": policy_webhook, "scale.rightslice.io": scale_webhook}
        claim([each["name"] for each in configuration["webhooks"][1:]] == list(more), f"{at}: webhooks")
        for other in configuration["webhooks"][1:]:
            more[other["name"]](other, webhook, at)
        target = webhook["clientConfig"]["service"]
        claim((target["name"], target["namespace"], target["path"]) == (service["metadata"]["name"], service["metadata"]["namespace"], path), f"{at}: service")
        claim(target["port"] in [port["port"] for port in service["spec"]["ports"]], f"{at}: port")
        claim(webhook["failurePolicy"] == policy, f"{at}: failurePolicy must be {policy}")
        claim(webhook["sideEffects"] == "NoneOnDryRun" and webhook["matchPolicy"] == "Equivalent" and webhook["admissionReviewVersions"] == ["v1"], at)
        claim(1 <= webhook["timeoutSeconds"] <= 5, f"{at}: timeoutSeconds")
        claim(kind.startswith("Valid") or webhook["reinvocationPolicy"] == "IfNeeded", f"{at}: reinvocationPolicy")
        excluded = [value for each in webhook["namespaceSelector"]["matchExpressions"] if each["operator"] == "NotIn" for value in each["values"]]
        claim({"rightslice", "kube-system"} <= set(excluded), f"{at}: its own namespace and kube-system must be left out")
        resources = {resource for rule in webhook["rules"] for resource in rule["resources"]}
        claim({"pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"} <= resources, f"{at}: rules {resources}")
        every_kind_is_sent(configuration, at)
        [condition] = webhook["matchConditions"]
        text = condition["expression"]
        names_of_sharing(text, at)
        for need in ("nvidia.com/", "mig.das.com/", "deviceclass.resource.kubernetes.io/", ".?claims", "initContainers", "jobTemplate", "rightslice.io/original-request", ".orValue("):
            claim(need in text, f"{at}: matchConditions do not read {need}")
        claim(all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}")) and text.count("'") % 2 == 0, f"{at}: brackets")
        # A field of an object is optional unless it is asked for with `?`: a plain step would be an error where it is absent.
        plain = re.findall(r"\bobject\.(?!\?)\w+|\b[cjmstv]\.(?!\?)\w+", text)
        claim(not plain, f"{at}: {plain} may be absent; write .?")


def dockerfile(program):
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    steps = re.findall(r"^([A-Z]+) +((?:.*\\\n)*.*)$", text, re.M)
    stages = [argument for word, argument in steps if word == "FROM"]
    names = [stage.split(" AS ")[-1] for stage in stages]
    claim(re.search(r"^ARG BASE=debian:12-slim$", text, re.M) and all(stage.split(" AS ")[0] in ("${BASE}", "scratch", *names) for stage in stages), f"deploy/Dockerfile: stages {stages}")
    claim(stages[-1] == "image", "deploy/Dockerfile: what runs is built on more than its libraries")
    claim(f"image.version={PROJECT}" in text, f"deploy/Dockerfile: the version is not {PROJECT}")
    users = [argument for word, argument in steps if word == "USER"]
    claim(users == ["65532:65532"], "deploy/Dockerfile: runs as root")
    start = (DEPLOY / "quickstart").read_text(encoding="utf-8")
    runs = [argument for word, argument in steps if word == "RUN"]
    claim(any("deploy/build" in run for run in runs), "deploy/Dockerfile: builds another program than deploy/build")
    claim(any("deploy/install-packages build image" in run for run in runs), "deploy/Dockerfile: installs other packages than deploy/quickstart")
    claim("build/release/bin/rightslice" in text and "build/release/bin/rightslice" in start, "deploy/Dockerfile: copies another binary")
    if program and shutil.which("dpkg-query"):
        libraries = re.findall(r"=> (/\S+)", subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout)
        for library in libraries:
            owner = subprocess.run(["dpkg-query", "-S", "*" + str(pathlib.Path(library).resolve()).removeprefix("/usr")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True, check=False).stdout.split(":")[0]
            base = {"libc6", "libgcc-s1", "libasan8", "libubsan1", ""}
            claim(owner in base or owner in text, f"deploy/Dockerfile: the run-time image lacks {owner} ({library})")
    for owner in ("libsqlite3-0", "libpq5"):   # loaded when a history is opened; deploy/sbom, which the image is made with, looks for them too
        claim(owner in text, f"deploy/Dockerfile: the run-time image lacks {owner}")


PACKAGE_OF = {   # what CMake asks for -> the package that holds it
    "Boost": "libboost1.81-dev", "OpenSSL": "libssl-dev", "RapidJSON": "rapidjson-dev", "simdjson": "libsimdjson-dev", "yaml-cpp": "libyaml-cpp-dev", "fmt": "libfmt-dev",
    "tl-expected": "libexpected-dev", "CLI11": "libcli11-dev", "spdlog": "libspdlog-dev", "prometheus-cpp-core": "prometheus-cpp-dev",
    "doctest": "doctest-dev", "rapidcheck": "librapidcheck-dev", "Python3": "python3", "ccache": "ccache", "Threads": "build-essential",
    "ZLIB": "zlib1g-dev", "benchmark": "libbenchmark-dev", "sqlite3.h": "libsqlite3-dev", "libpq-fe.h": "libpq-dev",
}


def packages():
    listed = {line.split()[1] for line in (DEPLOY / "packages").read_text().splitlines() if line and not line.startswith("#")}
    claim("libboost-dev" not in listed, "deploy/packages: libboost-dev is 1.74 and conflicts with 1.81")
    for path in [ROOT / "CMakeLists.txt", *ROOT.glob("webhook/**/CMakeLists.txt"), *ROOT.glob("tests/**/CMakeLists.txt")]:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"find_package\((\S+)", text) + re.findall(r"find_(?:library|program|path)\(\w+ ([\w.-]+)", text):
            where = path.relative_to(ROOT)
            if re.search(rf"find_program\(\w+ {re.escape(name)}\)", text) and name not in PACKAGE_OF:
                continue   # a tool that may be missing
            claim(name in PACKAGE_OF, f"{where}: asks for {name}; say in tests/lint/deploy.py which package holds it")
            claim(PACKAGE_OF.get(name, "build-essential") in listed, f"deploy/packages: lacks {PACKAGE_OF.get(name)} ({where} asks for {name})")


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else None
    files_of_kustomizations()
    copies()
    dockerfile(program)
    packages()
    audit_roles()
    for path in [*KUSTOMIZE.rglob("*.yaml"), *(DEPLOY / "crds").glob("*.yaml"), *(DEPLOY / "examples").glob("*.yaml")]:
        documents(path)
    base = [each for path in (KUSTOMIZE / "base").glob("*.yaml") if path.name != "kustomization.yaml" for each in documents(path)]
    # The base's namespace and ConfigMap come from its kustomization.
    for each in base:
        each["metadata"].setdefault("namespace", "rightslice")
    webhooks(base, "deploy/kustomize/base", "Ignore")
    patched_by_hand(base)
    let_out(base)
    readable(base, "deploy/kustomize/base")
    scan_reader()
    workload([*base, {"kind": "ConfigMap", "metadata": {"name": "rightslice-policies", "namespace": "rightslice"}}], "deploy/kustomize/base", program)
    if shutil.which("kubectl"):
        overlay_of_the_page()
        for overlay in sorted(path.name for path in (KUSTOMIZE / "overlays").iterdir()):
            policy = "Fail" if overlay.startswith("enforce") else "Ignore"
            run = subprocess.run(["kubectl", "kustomize", str(KUSTOMIZE / "overlays" / overlay)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, check=False)
            claim(run.returncode == 0, f"overlay {overlay}: {run.stdout}")
            if run.returncode == 0:
                built = [each for each in yaml.safe_load_all(run.stdout) if each]
                workload(built, f"overlay {overlay}", program)
                webhooks(built, f"overlay {overlay}", policy)
    else:
        print("skipped: the overlays are not built, there is no kubectl")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
