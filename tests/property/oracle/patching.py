"""JSON Patch (RFC 6902), as little as needed to see what a patch does."""
import copy


class Failed(Exception):
    pass


def apply_patch(document, operations):
    document = copy.deepcopy(document)
    for operation in operations:
        document = _one(document, operation)
    return document


def _steps(pointer):
    return [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]


def _walk(document, steps):
    for step in steps:
        try:
            document = document[int(step)] if isinstance(document, list) else document[step]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Failed(f"no {step} in the target") from error
    return document


def _one(document, operation):
    steps, kind = _steps(operation["path"]), operation["op"]
    if kind == "test":
        if _walk(document, steps) != operation["value"]:
            raise Failed(f"test of {operation['path']} fails")
        return document
    if kind in ("move", "copy"):
        value = copy.deepcopy(_walk(document, _steps(operation["from"])))
        if kind == "move":
            document = _one(document, {"op": "remove", "path": operation["from"]})
        return _one(document, {"op": "add", "path": operation["path"], "value": value})
    if not steps:
        return operation["value"]
    parent, last = _walk(document, steps[:-1]), steps[-1]
    if isinstance(parent, list):
        if kind == "add":
            parent.insert(len(parent) if last == "-" else int(last), operation["value"])
        elif kind == "remove":
            del parent[int(last)]
        else:
            parent[int(last)] = operation["value"]
        return document
    if kind in ("remove", "replace") and last not in parent:
        raise Failed(f"{kind} of {operation['path']}: not there")
    if kind == "remove":
        del parent[last]
    else:
        parent[last] = operation["value"]
    return document
