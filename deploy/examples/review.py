#!/usr/bin/env python3
"""What kube-apiserver and kubectl do around a webhook, for deploy/quickstart.

  review.py make MANIFEST                 print the AdmissionReview that kube-apiserver sends when the manifest is applied
  review.py show MANIFEST REVIEW ANSWER   print the answer of /validate as kubectl would
  review.py diff MANIFEST REVIEW ANSWER   print the answer of /mutate as a diff of the manifest
  review.py patched REVIEW ANSWER         print the AdmissionReview of the patched object, as it goes to /validate next
"""
import base64
import copy
import difflib
import json
import os
import sys
import textwrap
import uuid

import yaml

WEBHOOK = "validate.rightslice.io"
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file) if path.endswith(".json") else yaml.safe_load(file)


def review(manifest):
    """CREATE of an apps/v1 Deployment by a person."""
    name, namespace = manifest["metadata"]["name"], manifest["metadata"]["namespace"]
    kind = {"group": "apps", "version": "v1", "kind": manifest["kind"]}
    resource = {"group": "apps", "version": "v1", "resource": manifest["kind"].lower() + "s"}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": str(uuid.uuid4()), "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
        "name": name, "namespace": namespace, "operation": "CREATE", "userInfo": {"username": "dana", "groups": ["system:authenticated"]},
        "object": manifest, "oldObject": None, "dryRun": False, "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"}}}


def step(parent, token):
    return parent[int(token)] if isinstance(parent, list) else parent[token]


def apply(document, patch):
    """JSON Patch (RFC 6902), as far as a webhook needs it."""
    document = copy.deepcopy(document)
    for operation in patch:
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in operation["path"].split("/")[1:]]
        parent = document
        for token in tokens[:-1]:
            parent = step(parent, token)
        key = int(tokens[-1]) if isinstance(parent, list) and tokens[-1] != "-" else tokens[-1]
        match operation["op"]:
            case "test":
                if parent[key] != operation["value"]:
                    sys.exit(f"patch: {operation['path']} is not {operation['value']}")
            case "remove":
                del parent[key]
            case "add" if isinstance(parent, list):
                parent.insert(len(parent) if key == "-" else key, operation["value"])
            case "add" | "replace":
                parent[key] = operation["value"]
            case other:
                sys.exit(f"patch: {other} is not known here")
    return document


def patch_of(response):
    return json.loads(base64.b64decode(response["patch"])) if "patch" in response else []


def wrapped(text, colour=None):
    for line in textwrap.wrap(text, 116, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False):
        print(paint(colour, line) if colour else line)


def show(path, request, response):
    what = f"{request['kind']['kind'].lower()}.{request['kind']['group']}"
    for warning in response.get("warnings", []):
        wrapped(f"Warning: {warning}", 33)
    if response["allowed"]:
        wrapped(f"{what}/{request['name']} created", 32)
    else:
        status = response["status"]
        wrapped(f"Error from server ({status['reason']}): error when creating \"{path}\": admission webhook \"{WEBHOOK}\" denied the request: "
                f"{status['message']}", 31)
    records = response.get("auditAnnotations", {})
    if records.get("would-be") not in (None, records.get("decision")):
        print("  In the audit log of the cluster:")
        for key in ("decision", "would-be", "findings", "policy", "requested", "recommended"):
            if records.get(key):
                print(f"    {WEBHOOK}/{key}: {records[key]}")


def show_diff(path, request, response):
    for warning in response.get("warnings", []):
        wrapped(f"Warning: {warning}", 33)
    before, after = request["object"], apply(request["object"], patch_of(response))
    if before == after:
        print("  no change")
        return
    texts = [yaml.safe_dump(each, sort_keys=False, default_flow_style=False, width=200).splitlines() for each in (before, after)]
    colours = {"+": 32, "-": 31, "@": 36}
    for line in difflib.unified_diff(*texts, fromfile=path, tofile="what is stored", lineterm="", n=2):
        print("  " + (paint(colours[line[0]], line) if line[0] in colours else line))


def main(arguments):
    match arguments:
        case ["make", manifest]:
            print(json.dumps(review(load(manifest)), indent=1))
        case ["show" | "diff" as how, manifest, question, answer]:
            request, response = load(question)["request"], load(answer)["response"]
            if response["uid"] != request["uid"]:
                sys.exit("the answer is not for this review: another uid")
            (show if how == "show" else show_diff)(manifest, request, response)
        case ["patched", question, answer]:
            print(json.dumps(review(apply(load(question)["request"]["object"], patch_of(load(answer)["response"]))), indent=1))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
