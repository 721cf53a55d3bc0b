"""The same requests, judged by the server on their way into a cluster and by `rightslice check` from files: the verdicts must be equal."""
import collections
import json
import pathlib
import re
import subprocess

import population


def server_verdict(status, warnings, answer, asked):
    """(decision, codes): as far as the API shows them."""
    if status == 403:
        causes = answer.get("details", {}).get("causes", [])
        return "deny", sorted((each["reason"], each["message"]) for each in causes)
    if status != 201:
        raise RuntimeError(f"HTTP {status}: {answer.get('message')}")
    limits = containers(answer)[0]["resources"]["limits"]
    codes = sorted({found[1] for each in warnings if (found := re.match(r'299 - "([A-Z]\w+): ', each))})
    if limits != containers(asked)[0]["resources"]["limits"]:
        return "rewrite", sorted(limits)
    return ("warn" if codes else "allow"), codes


def containers(each):
    spec = each["spec"]
    return spec.get("template", {}).get("spec", spec)["containers"]


def cli_verdict(result):
    """The same of a result of check -o json."""
    decision = result["decision"]
    acting = [each for each in result["findings"] if each["action"] != "allow"]
    if decision == "deny":
        return "deny", sorted((each["code"], each["message"]) for each in acting)
    if decision == "rewrite":
        return "rewrite", sorted({result["containers"][0]["recommended"]["resource"]})
    return decision, sorted({each["code"] for each in acting}) if decision == "warn" else []


class Cli:
    def __init__(self, rightslice, folder, policies, surroundings):
        """`policies`: folders and objects; `surroundings`: what `kubectl get` says, as --surroundings takes it."""
        self.rightslice, self.folder = rightslice, pathlib.Path(folder)
        self.folder.mkdir()
        (self.folder / "policies.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": policies["objects"]}))
        (self.folder / "surroundings.json").write_text(json.dumps(surroundings))
        self.flags = ["--policies", str(self.folder / "policies.json"), "--surroundings", str(self.folder / "surroundings.json")]
        for folder in policies["folders"]:
            self.flags += ["--policies", folder]

    def check(self, objects):
        """The results of one input, by (namespace, name)."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        done = subprocess.run([self.rightslice, "check", *self.flags, "-o", "json", "-"], input=text, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"check: exit status {done.returncode}: {done.stderr}")
        return {(each["namespace"], each["kind"], each["name"]): each for each in json.loads(done.stdout)["results"]}

    def judge(self, asked, running):
        """One result for each (namespace's index, object). What a budget counts is what the namespace runs: `running(index)` stands before the object."""
        alone = [each for index, each in asked if population.sort_of(index) != "budget"]
        results = self.check(alone)
        out = []
        for index, each in asked:
            key = (each["metadata"]["namespace"], each["kind"], each["metadata"]["name"])
            counted = population.sort_of(index) == "budget"
            out.append((self.check([*running(index), each]) if counted else results)[key])
        return out


def compare(asked, answers, results):
    """How many of each verdict, and what differs."""
    counts, wrong = collections.Counter(), []
    for (_, each), answer, result in zip(asked, answers, results):
        server, cli = server_verdict(*answer, each), cli_verdict(result)
        codes = " ".join(sorted({code if isinstance(code, str) else code[0] for code in server[1]})) if server[0] != "rewrite" else ""
        counts[f"{server[0]} {codes}".strip()] += 1
        if server != cli:
            wrong.append((each["metadata"], server, cli))
    return counts, wrong


def surroundings(kubectl):
    """What `check` needs to know of the cluster, read with kubectl: nodes with what pods hold on them, and labels of namespaces."""
    held = collections.defaultdict(collections.Counter)
    for pod in kubectl.get("pods", "--all-namespaces")["items"]:
        for each in pod["spec"]["containers"]:
            for name, count in each.get("resources", {}).get("limits", {}).items():
                if name.startswith("nvidia.com/"):
                    held[pod["spec"].get("nodeName")][name] += int(count)
    nodes = [{"name": each["metadata"]["name"], "labels": each["metadata"]["labels"], "requested": dict(held[each["metadata"]["name"]]),
              "allocatable": {name: count for name, count in each["status"]["allocatable"].items() if name.startswith("nvidia.com/")}}
             for each in kubectl.get("nodes")["items"]]
    spaces = [{"name": each["metadata"]["name"], "labels": each["metadata"].get("labels", {})} for each in kubectl.get("namespaces")["items"]]
    return {"nodes": nodes, "namespaces": spaces}
