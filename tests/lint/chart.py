#!/usr/bin/env python3
"""The Helm chart is the same installation as deploy/kustomize: what it takes from elsewhere is an equal copy, each overlay of kustomize is what the
chart renders with some values, every value is documented and in the schema, and one that is misspelt is refused.
UPDATE_GENERATED=1 writes the copies and the table of deploy/chart/README.md. helm and kubectl are those of tests/cluster, or of the PATH.

usage: chart.py
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART, BASE = DEPLOY / "chart", DEPLOY / "kustomize/base"
UPDATE = os.environ.get("UPDATE_GENERATED") == "1"
RBAC = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
# Who owns the object; kustomize has no such owner.
OF_HELM = {"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "helm.sh/chart"}
found = []


def claim(condition, message):
    if not condition:
        found.append(message)


def documents(text):
    return [each for each in yaml.safe_load_all(text) if each]


def keep(path, text):
    """The file holds this text; with UPDATE_GENERATED it is written."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    else:
        found.append(f"{path.relative_to(ROOT)} is not what it is made from; run tests/lint/update")


# --- copies: Helm and kustomize read nothing above their own folders

def copies():
    """Name below deploy/chart/files -> original."""
    out = {f"crds/{path.name}": path for path in sorted((DEPLOY / "crds").glob("*.yaml"))}
    for path in sorted(BASE.glob("*.yaml")):
        kinds = {each["kind"] for each in documents(path.read_text(encoding="utf-8"))}
        if kinds <= RBAC:
            out[f"rbac/{path.name}"] = path
        elif kinds & RBAC:
            found.append(f"{path.relative_to(ROOT)}: roles belong into files of their own, which the chart copies")
    out |= {f"rbac/{path.parent.name}/{path.name}": path for path in sorted((DEPLOY / "kustomize/components").glob("*/rbac.yaml"))}
    out |= {f"webhooks/{name}": BASE / name for name in ("validatingwebhook.yaml", "mutatingwebhook.yaml")}
    out["policies/audit.yaml"] = ROOT / "policies/audit/policy.yaml"
    out |= {f"monitoring/{name}": DEPLOY / "monitoring" / name for name in ("rules.yaml", "dashboard.json")}
    return out


def copied():
    wanted = copies()
    for name, original in wanted.items():
        keep(CHART / "files" / name, original.read_text(encoding="utf-8"))
    for path in sorted(each for each in (CHART / "files").rglob("*") if each.is_file()):
        if path.relative_to(CHART / "files").as_posix() not in wanted:
            path.unlink() if UPDATE else found.append(f"{path.relative_to(ROOT)}: a copy of nothing; remove it")
    rules = (DEPLOY / "monitoring/rules.yaml").read_text(encoding="utf-8")
    head = ("# deploy/monitoring/rules.yaml for the Prometheus operator; written by tests/lint/update.\napiVersion: monitoring.coreos.com/v1\n"
            "kind: PrometheusRule\nmetadata: {name: rightslice, namespace: rightslice}\nspec:\n")
    keep(DEPLOY / "kustomize/components/monitoring/prometheusrule.yaml", head + re.sub(r"^(?=.)", "  ", rules, flags=re.M))


# --- values

def rows(node, lines, prefix=""):
    """(name, default, comment) of each value that people set: one with a comment of its own, or all below it."""
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        above, line = [], key.start_mark.line - 1
        while line >= 0 and re.match(rf"^ {{{key.start_mark.column}}}# ", lines[line]):
            above.insert(0, lines[line].strip()[2:])
            line -= 1
        if isinstance(value, yaml.MappingNode) and value.value and not above:   # a heading
            yield from rows(value, lines, name + ".")
        else:
            yield name, yaml.SafeLoader.construct_object(yaml.SafeLoader(""), value, deep=True), " ".join(above)


def table(values_text):
    out = ["| value | default | meaning |", "|---|---|---|"]
    for name, default, comment in rows(yaml.compose(values_text), values_text.splitlines()):
        claim(comment, f"deploy/chart/values.yaml: {name} has no comment above it")
        shown = "" if default in ("", None) else f"`{default if isinstance(default, str) else json.dumps(default)}`"
        out.append(f"| `{name}` | {shown} | {comment.replace('|', chr(92) + '|')} |")
    return "\n".join(out)


def documented(values_text):
    readme = CHART / "README.md"
    text = readme.read_text(encoding="utf-8")
    begin, end = "<!-- values -->\n", "<!-- end of values -->"
    before, _, rest = text.partition(begin)
    keep(readme, before + begin + table(values_text) + "\n" + end + rest.partition(end)[2])


def in_schema(values, schema, at="values.yaml"):
    """Every map of the values is closed, and lists just the keys that are there. `global` is Helm's own."""
    properties = schema.get("properties", {})
    claim(schema.get("additionalProperties") is False, f"values.schema.json: {at} takes keys that nothing reads")
    claim(set(values) == set(properties) - {"global"}, f"values.schema.json: {at}: {sorted(set(values) ^ (set(properties) - {'global'}))}")
    for key, value in values.items():
        below = properties.get(key, {})
        if isinstance(value, dict) and value and "properties" in below:
            in_schema(value, below, f"{at}: {key}")
        elif not {"type", "enum", "$ref"} & below.keys():
            found.append(f"values.schema.json: {at}: {key} may be anything")


def versions():
    project = re.search(r"project\(rightslice VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    claim(chart["appVersion"] == project, f"deploy/chart/Chart.yaml: appVersion is not the program's, {project}")
    # The least versions that pages and the chart name are the same everywhere.
    kubernetes = re.fullmatch(r">=(\d+\.\d+)\.0-0", chart["kubeVersion"])[1]
    said = {path: re.findall(r"Kubernetes (\d\.\d+) or later", (DEPLOY / path).read_text(encoding="utf-8")) for path in ("README.md", "chart/README.md")}
    claim(all(found_there and set(found_there) == {kubernetes} for found_there in said.values()), f"Kubernetes {kubernetes} or later, says Chart.yaml; the pages: {said}")
    helm = {path: re.findall(r"Helm (\d\.\d+) or later", (DEPLOY / path).read_text(encoding="utf-8")) for path in said}
    claim(set().union(*helm.values()) == {"3.14"}, f"Helm 3.14 has --reset-then-reuse-values, which the runbook needs; the pages: {helm}")


# --- what it renders

def tool(name, programs):
    """The program that tests/cluster has built, else the one of the PATH; nothing is built here."""
    built = subprocess.run([ROOT / "tests/cluster/programs/build", "--check", programs], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    path = pathlib.Path(built.stdout.strip() or "/nowhere") / name
    return str(path) if path.exists() else shutil.which(name)


def plain(each):
    """Without what Helm and the API server see as nothing."""
    labels = {key: value for key, value in each["metadata"].get("labels", {}).items() if key not in OF_HELM}
    return {**each, "metadata": {**each["metadata"], "labels": labels}}


def by_name(objects):
    return {(each["kind"], each["metadata"]["name"]): plain(each) for each in objects if each["kind"] not in ("Namespace", "CustomResourceDefinition")}


def differences(left, right, at=""):
    """Places where two documents differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            if key not in left or key not in right:
                yield f"{at}.{key}: only in {'kustomize' if key in left else 'the chart'}"
            else:
                yield from differences(left[key], right[key], f"{at}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right)):
            yield from differences(one, other, f"{at}[{index}]")
    elif left != right:
        yield f"{at}: kustomize {json.dumps(left)[:120]}, chart {json.dumps(right)[:120]}"


class Rendered:
    def __init__(self, helm, kubectl):
        self.helm, self.kubectl = helm, kubectl

    def chart(self, values, check=True, namespace="rightslice"):
        run = subprocess.run([self.helm, "template", "rightslice", CHART, "--namespace", namespace, "--values", "-"], input=json.dumps(values),
                             capture_output=True, text=True, check=False)
        if check and run.returncode != 0:
            found.append(f"helm template with {values}: {run.stderr}")
        return documents(run.stdout) if check else run

    def kustomize(self, *folders):
        """Overlays, and components laid over the first of them."""
        with tempfile.TemporaryDirectory(dir=DEPLOY / "kustomize") as folder:
            what = {"resources": [f"../overlays/{folders[0]}"], "components": [f"../components/{name}" for name in folders[1:]]}
            pathlib.Path(folder, "kustomization.yaml").write_text(json.dumps(what), encoding="utf-8")
            run = subprocess.run([self.kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
        claim(run.returncode == 0, f"kubectl kustomize of {folders}: {run.stderr}")
        return documents(run.stdout)


def same(rendered):
    inference = (ROOT / "policies/inference/policy.yaml").read_text(encoding="utf-8")
    enforced = {"webhooks": {"failurePolicy": "Fail"}, "policies": {"files": {"inference.yaml": inference}}}
    pairs = [
        (("self-managed",), {}),
        (("audit",), {"certificates": {"mode": "secret"}}),
        (("cert-manager",), {"certificates": {"mode": "cert-manager"}}),
        (("enforce",), {"certificates": {"mode": "secret"}} | enforced),
        (("enforce-self-managed",), enforced),
        (("enforce-cert-manager",), {"certificates": {"mode": "cert-manager"}} | enforced),
        (("self-managed", "audit"), {"audit": {"enabled": True}}),
        (("self-managed", "audit", "audit-reports"), {"audit": {"enabled": True, "reports": "policyreport"}}),
        (("self-managed", "audit-job"), {"audit": {"reports": "policyreport", "job": {"enabled": True}}}),
        (("self-managed", "scan-reader"), {"scanReader": {"enabled": True}}),
        (("self-managed", "network-policy"), {"networkPolicy": {"enabled": True}}),
        (("self-managed", "monitoring"), {"monitoring": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}}}),
    ]
    for folders, values in pairs:
        ours, charts = by_name(rendered.kustomize(*folders)), by_name(rendered.chart(values))
        at = f"kustomize {' with '.join(folders)} and the chart with {json.dumps(values)[:60]}"
        claim(ours.keys() == charts.keys(), f"{at}: not the same objects: {sorted(ours.keys() ^ charts.keys())}")
        for name in sorted(ours.keys() & charts.keys()):
            found.extend(f"{at}: {name[0]} {name[1]}{place}" for place in differences(ours[name], charts[name]))
    used = {folder for folders, _ in pairs for folder in folders}   # a component has the name of its overlay, or is laid over one
    there = {path.parent.name for path in (DEPLOY / "kustomize").glob("*/*/kustomization.yaml")}
    claim(there == used, f"deploy/kustomize: nothing compares {sorted(there ^ used)} with the chart")


def elsewhere(rendered):
    """In another namespace nothing names ours; what a certificate is for, and who is left out, follow too."""
    def walk(value, at):
        if isinstance(value, dict):
            claim(value.get("namespace", "gpu-system") == "gpu-system", f"the chart in gpu-system: {at} is of namespace {value.get('namespace')}")
        for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
            walk(below, f"{at}.{key}")
        claim(not isinstance(value, str) or not re.search(r"(^|=)rightslice/|rightslice[.]rightslice[.]", value), f"the chart in gpu-system: {at} is {value}")

    for mode in ("self-managed", "cert-manager", "secret"):
        for each in rendered.chart({"certificates": {"mode": mode}, "crds": {"install": False}, "networkPolicy": {"enabled": True},
                                    "audit": {"reports": "policyreport", **({"job": {"enabled": True}} if mode == "secret" else {"enabled": True})}}, namespace="gpu-system"):
            claim(each["kind"].startswith(("Cluster", "Valid", "Mutat")) or "namespace" in each["metadata"], f"the chart: {each['kind']} is in no namespace")
            walk(each, f"{each['kind']} {each['metadata']['name']}")
            for webhook in each.get("webhooks", []):
                left_out = [value for one in webhook.get("namespaceSelector", {}).get("matchExpressions", []) for value in one["values"]]
                claim(not left_out or "gpu-system" in left_out, f"the chart in gpu-system: {webhook['name']} is asked about its own pods")


def pod_of(objects, kind):
    spec = next(each["spec"] for each in objects if each["kind"] == kind)
    return spec.get("jobTemplate", {}).get("spec", spec)["template"]["spec"]


def selected(rendered):
    """Labels choose among workloads of every kind; a policy is asked about whatever its labels, and a scale has none."""
    selector = {"matchLabels": {"team": "a"}}
    for each in rendered.chart({"webhooks": {"objectSelector": selector}}):
        for webhook in each.get("webhooks", []):
            wanted = None if webhook["name"].startswith(("policies.", "scale.")) else selector
            claim(webhook.get("objectSelector") == wanted, f"the chart: {webhook['name']} has the objectSelector {webhook.get('objectSelector')}")


def let_in(rendered):
    """Whom the NetworkPolicy lets in: an empty list of scrapers is nobody, and not everybody."""
    def ports(opened):
        policy = next(each for each in rendered.chart({"networkPolicy": {"enabled": True, **opened}}) if each["kind"] == "NetworkPolicy")
        return {port["port"]: rule.get("from") for rule in policy["spec"]["ingress"] for port in rule["ports"]}
    one = [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]
    claim(set(ports({})) == {"webhook", "ops"} and ports({})["ops"], "the chart: the ops port is open to everybody, or to nobody")
    claim(ports({"opsFrom": one}) == {"webhook": None, "ops": one}, "the chart: networkPolicy.opsFrom is not who is let in")
    claim(ports({"opsFrom": []}) == {"webhook": None}, "the chart: networkPolicy.opsFrom: [] opens the ops port")


def further(rendered):
    """Volumes, flags and rules that only the user knows of are in what is rendered, for the pods and for the audit's job."""
    volume, mount = {"name": "history", "persistentVolumeClaim": {"claimName": "history"}}, {"name": "history", "mountPath": "/var/lib/rightslice"}
    rule = {"to": [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}], "ports": [{"port": 9090}]}
    values = {"extraVolumes": [volume], "extraVolumeMounts": [mount], "networkPolicy": {"enabled": True, "egress": [rule]}}
    audit = {"reports": "policyreport", "extraArgs": ["--prometheus-token-file=/var/run/token"]}
    for policies in ({}, {"starter": "none"}):
        with_job = rendered.chart(values | {"policies": policies, "audit": audit | {"job": {"enabled": True, "extraArgs": ["--store=/var/lib/rightslice/history.db"]}}})
        with_replicas = rendered.chart(values | {"policies": policies, "audit": audit | {"enabled": True}})
        pods = {"the job": pod_of(with_job, "CronJob"), "the pods": pod_of(with_replicas, "Deployment")}
        for name, pod in pods.items():
            claim(volume in pod["volumes"] and mount in pod["containers"][0]["volumeMounts"], f"the chart: {name} have no extraVolumes")
            claim("--prometheus-token-file=/var/run/token" in pod["containers"][0]["args"], f"the chart: {name} have no audit.extraArgs")
            claim(pod["securityContext"]["fsGroup"] == 65532, f"the chart: {name} cannot write a volume")
        claim("--store=/var/lib/rightslice/history.db" in pods["the job"]["containers"][0]["args"], "the chart: the job has no audit.job.extraArgs")
        of_job = rendered.chart({"policies": policies, "audit": audit | {"job": {"enabled": True, "extraVolumes": [volume], "extraVolumeMounts": [mount]}}})
        job, pod = pod_of(of_job, "CronJob"), pod_of(of_job, "Deployment")
        claim(volume in job["volumes"] and mount in job["containers"][0]["volumeMounts"], "the chart: the job has no audit.job.extraVolumes")
        claim(volume not in pod.get("volumes", []) and mount not in pod["containers"][0].get("volumeMounts", []), "the chart: audit.job.extraVolumes are in every pod")
        claim(rule in next(each["spec"]["egress"] for each in with_job if each["kind"] == "NetworkPolicy"), "the chart: networkPolicy.egress is not let out")


def definitions(rendered):
    kept = {each["metadata"]["name"]: each for each in rendered.chart({}) if each["kind"] == "CustomResourceDefinition"}
    originals = {each["metadata"]["name"]: each for path in (DEPLOY / "crds").glob("*.yaml") for each in documents(path.read_text(encoding="utf-8"))}
    claim(kept.keys() == originals.keys(), "the chart renders other definitions than deploy/crds")
    for name in kept.keys() & originals.keys():
        claim(kept[name]["spec"] == originals[name]["spec"], f"the chart renders another {name} than deploy/crds")
        claim(kept[name]["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep", f"{name} would go with the release, and the policies with it")
    claim(not any(each["kind"] == "CustomResourceDefinition" for each in rendered.chart({"crds": {"install": False}})), "crds.install: false installs them")


def linted(rendered):
    run = subprocess.run([rendered.helm, "lint", "--strict", CHART], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    claim(run.returncode == 0, f"helm lint: {run.stdout}")


def refusals(rendered):
    """A value that is misspelt, or cannot be, is an error and not a default."""
    rows_of_bad = [
        {"polices": {}}, {"webhooks": {"failurepolicy": "Fail"}}, {"webhooks": {"failurePolicy": "fail"}}, {"policies": {"starter": "enforce"}},
        {"replicas": 0}, {"replicas": "3"}, {"webhooks": {"timeoutSeconds": 31}}, {"certificates": {"mode": "selfsigned"}}, {"topologySpread": "No"},
        {"policies": {"files": {"policy": "no ending"}}}, {"policies": {"files": {"audit.yaml": "the name of the starter"}}},
        {"policies": {"existingConfigMap": "mine", "files": {"mine.yaml": "both"}}}, {"image": {"digest": "abc"}}, {"server": {"extraArgs": ["serve"]}},
        {"networkPolicy": {"webhookFrom": [{"ipblock": {"cidr": "10.0.0.0/8"}}]}}, {"webhooks": {"namespaceSelector": {"enabled": "true"}}},
        {"extraVolumes": [{"name": "nothing"}]}, {"extraVolumeMounts": [{"name": "nowhere"}]}, {"networkPolicy": {"egress": [{}]}},
        {"audit": {"every": "5"}}, {"audit": {"reports": "gatekeeper"}}, {"audit": {"prometheus": "prometheus:9090"}}, {"audit": {"job": {"enabled": True}}},
        {"audit": {"enabled": True, "reports": "policyreport", "job": {"enabled": True}}}, {"audit": {"enabled": True, "every": "4s"}},
        {"audit": {"reports": "policyreport"}}, {"audit": {"prometheus": "http://prometheus:9090"}}, {"audit": {"store": {"secretName": "history"}}},
        {"audit": {"extraArgs": ["--audit-page"]}}, {"audit": {"enabled": True, "job": {"extraArgs": ["--store=history.db"]}}},
        {"audit": {"enabled": True, "job": {"extraVolumes": [{"name": "history", "emptyDir": {}}]}}},
        {"audit": {"reports": "policyreport", "job": {"enabled": True, "extraVolumeMounts": [{"name": "nowhere"}]}}},
        {"policies": {"starter": "none"}, "crds": {"install": False}}, {"certificates": {"mode": "self-managed", "caBundle": "-----BEGIN CERTIFICATE-----"}},
    ]
    for values in rows_of_bad:
        claim(rendered.chart(values, check=False).returncode != 0, f"the chart takes {json.dumps(values)}")
    for every in ("5s", "10s", "1m", "2h"):
        claim(rendered.chart({"audit": {"enabled": True, "every": every}}, check=False).returncode == 0, f"the chart refuses audit.every: {every}")
    claim(rendered.chart({"global": {"other": 1}}, check=False).returncode == 0, "the chart cannot be a part of another one")


def main():
    copied()
    values_text = (CHART / "values.yaml").read_text(encoding="utf-8")
    documented(values_text)
    in_schema(yaml.safe_load(values_text), json.loads((CHART / "values.schema.json").read_text(encoding="utf-8")))
    versions()
    helm, kubectl = tool("helm", "helm"), tool("kubectl", "kubernetes")
    if helm and kubectl:
        rendered = Rendered(helm, kubectl)
        same(rendered)
        elsewhere(rendered)
        selected(rendered)
        let_in(rendered)
        further(rendered)
        definitions(rendered)
        refusals(rendered)
        linted(rendered)
    else:
        print(f"skipped: the chart is not compared with kustomize, there is no {'kubectl' if helm else 'helm'}")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
