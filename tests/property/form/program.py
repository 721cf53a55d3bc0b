"""The doors of the program: check, review, and a server that takes reviews over TLS."""
import base64
import http.client
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
from patching import apply_patch  # noqa: E402

PATIENCE = 120  # seconds for anything on a slow machine
AT_ONCE = 200   # files of one run

POLICIES = """\
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-a}
spec:
  mode: enforce
  gpus: [NVIDIA-H100-80GB-HBM3]
  gpuResource: whole
  slices: {offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 7g.80gb], denied: ["7g.*"]}
  load: {concurrency: 4, context: 4096}
  actions: {Oversized: deny}
---
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {name: default, namespace: team-r}
spec:
  mode: enforce
  gpus: [NVIDIA-H100-80GB-HBM3]
  gpuResource: whole
  slices: {offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 7g.80gb]}
  load: {concurrency: 4, context: 4096}
  actions: {Oversized: rewrite, Undersized: rewrite}
"""


class Program:
    def __init__(self, binary, folder):
        self.binary, self.folder = os.path.abspath(binary), pathlib.Path(folder)
        self.policies = self.folder / "policies.yaml"
        self.policies.write_text(POLICIES)
        self.process = None
        self.surroundings = []  # arguments

    def know(self, objects, namespaces):
        """What stands around everything that is asked from now on: objects of DRA, those of the first namespace in the others too."""
        known = {"deviceClasses": [], "claimTemplates": [], "claims": []}
        for each in objects:
            name, spec = each["metadata"]["name"], each["spec"]
            if each["kind"] == "DeviceClass":
                known["deviceClasses"].append({"name": name, **spec, "selectors": [one["cel"]["expression"] for one in spec["selectors"]]})
                continue
            ns = each["metadata"]["namespace"]
            kind, spec = ("claims", spec) if each["kind"] == "ResourceClaim" else ("claimTemplates", spec["spec"])
            known[kind] += [{"namespace": one, "name": name, "spec": spec} for one in (namespaces if ns == namespaces[0] else [ns])]
        file = self.folder / "surroundings.json"
        file.write_text(json.dumps(known))
        self.surroundings = ["--surroundings", str(file)]

    def run(self, *arguments, text=None):
        return subprocess.run([self.binary, *arguments], input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def check(self, texts, suffix):
        """The results of each text, a file of its own; None where the program could not read it. And what it complains about."""
        out, errors = [], ""
        for first in range(0, len(texts), AT_ONCE):
            results, said = self.check_some(texts[first:first + AT_ONCE], suffix)
            out += results
            errors += said
        return out, errors

    def check_some(self, texts, suffix):
        for number, text in enumerate(texts):
            (self.folder / f"{number:05}.{suffix}").write_text(text)
        files = [self.folder / f"{number:05}.{suffix}" for number in range(len(texts))]
        done = self.run("check", "--policies", str(self.policies), *self.surroundings, "-o", "json", *map(str, files))
        for file in files:
            file.unlink()
        if done.returncode not in (0, 1, 2) or not done.stdout:
            raise AssertionError(f"check ended with {done.returncode}: {done.stderr[:1000]}")
        out = [None] * len(texts)
        for result in json.loads(done.stdout)["results"]:
            number = int(pathlib.Path(result["file"]).stem)
            out[number] = (out[number] or []) + [result]
        return out, done.stderr

    def review(self, path, body):
        done = self.run("review", "--path", path, "--policies", str(self.policies), *self.surroundings, text=body)
        return done.returncode, done.stdout

    def serve(self):
        certificates = self.folder / "certs"
        self.run("certs", "--out", str(certificates))
        command = [self.binary, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--workers", "1", "--shutdown-delay", "0s",
                   "--cert", str(certificates / "tls.crt"), "--key", str(certificates / "tls.key"), "--policies", str(self.policies), *self.surroundings]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        found = re.search(r":(\d+)$", self.process.stdout.readline().strip())
        if not found:
            raise AssertionError("the server did not start")
        context = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
        self.connection = http.client.HTTPSConnection("127.0.0.1", int(found.group(1)), context=context, timeout=PATIENCE)

    def post(self, path, body):
        self.connection.request("POST", "/" + path, body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def close(self):
        if self.process is not None:
            self.connection.close()
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process.stdout.close()


def admission_review(thing, plural, operation="CREATE", old=None, like=None, **more):
    """`like`: an object of the kind, where there is none."""
    like = thing if like is None else like
    group, _, version = like["apiVersion"].rpartition("/")
    request = {"uid": "u-1", "kind": {"group": group, "version": version, "kind": like["kind"]},
               "resource": {"group": group, "version": version, "resource": plural}, "operation": operation,
               "namespace": like["metadata"].get("namespace", "default"), "name": like["metadata"].get("name", ""),
               "userInfo": {"username": "ann", "groups": ["developers"]}, "object": thing, "oldObject": old, "dryRun": False, **more}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def patched(thing, response):
    if "patch" not in response:
        return thing
    return apply_patch(thing, json.loads(base64.b64decode(response["patch"])))
