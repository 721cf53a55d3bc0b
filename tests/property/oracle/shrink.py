"""Making a contradiction small: drop parts of its world while the contradiction stays."""
import copy

from generator import Generated, Scene, Surroundings


def paths_of(value, path=()):
    """Every place that may be dropped, larger ones first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = []
    for key, item in items:
        if key not in ("apiVersion", "kind", "mode", "name"):
            yield path + (key,)
        inner.append((path + (key,), item))
    for where, item in inner:
        yield from paths_of(item, where)


def without(value, path):
    value = copy.deepcopy(value)
    node = value
    for step in path[:-1]:
        node = node[step]
    del node[path[-1]]
    return value


def shrink(generated, still, budget=250):
    """Drops parts while `still(generated)` holds."""
    def parts(g):
        s = g.scenes[0]
        return {"policies": s.policies, "exceptions": s.exceptions, "documents": s.documents,
                "surroundings": g.surroundings.json(), "olds": {str(k): v for k, v in s.olds.items()}}

    def whole(tree):
        s = generated.scenes[0]
        scene = Scene(s.namespace, tree["policies"], tree["exceptions"], tree["documents"],
                      {int(k): v for k, v in tree["olds"].items()}, s.users, s.exceptions_in_input)
        return Generated(Surroundings(generated.surroundings.today, **tree["surroundings"]), [scene])

    tree, spent, progress = parts(generated), 0, True
    while progress and spent < budget:
        progress = False
        for path in sorted(paths_of(tree), key=len):
            if len(path) == 1 or spent >= budget:
                continue
            try:
                smaller = without(tree, path)
            except (KeyError, IndexError, TypeError):
                continue
            spent += 1
            try:
                if still(whole(smaller)):
                    tree, progress = smaller, True
                    break
            except Exception:  # noqa: BLE001 - a case that the oracle cannot read is no smaller case
                continue
    return whole(tree)
