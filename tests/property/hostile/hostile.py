#!/usr/bin/env python3
"""Valid inputs with anything in the place of anything: what the program promises of every input, whatever it says.

    hostile.py RIGHTSLICE [--seed N] [--seconds S] [--only PART]

The same seed gives the same cases in the same order; a slower program only sees fewer of them. Every fault is printed with the
input that shows it; exit status 1 if there is one.
"""
import argparse, base64, copy, json, os, random, re, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import seeds

ANYTHING = [None, 0, 1, -1, 0.5, 1e308, -1e308, 2**31, 2**63 - 1, 2**63, -2**63, 2**64, 10**30, True, False, "", " ", "0", "-1", "1E", "1e400",
            "9223372036854775808", "1e-400", "16384Pi", "NaN", "x" * 300, "\x1b[31mred\x07", "a\nb", "\u009b31m", "\u2028\u202e", "\u0000", "'", '"', "$(", "`", "*", "[",
            "$(A)$(A)", "<<EOF", [], {}, [[]], [None], [{}], [1, "x", None], {"": None}, {"a": {"a": {"a": []}}}, {"nvidia.com/gpu": "1"}]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
CRASH = re.compile(r"Sanitizer|runtime error:|terminate called|Assertion|stack smashing")


def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, path + (key,))


def mutate(rng, value):
    """A copy with one place replaced, deleted, repeated, renamed or swapped with another."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        path = rng.choice([place for place in places(value) if place] or [()])
        if not path:
            return rng.choice(ANYTHING)
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        way, key = rng.randrange(10), path[-1]
        if way == 0:
            del parent[key]
        elif way == 1 and isinstance(parent, list):
            parent[key:key] = [copy.deepcopy(parent[key])] * rng.choice((1, 3, 40))
        elif way == 1:
            parent[rng.choice(["x", "", "~/", "\x1b[2J", str(key).upper()])] = parent.pop(key)
        elif way == 2:
            other = value
            for step in rng.choice(list(places(value))):
                other = other[step]
            parent[key] = copy.deepcopy(other)
        elif way == 3 and isinstance(parent[key], str):
            at = rng.randint(0, len(parent[key]))
            parent[key] = parent[key][:at] + rng.choice(["\x1b", "\n", "'", '"', "$(", "-", "9" * 20, " ", "\u0301", "*", "."]) + parent[key][at:]
        else:
            parent[key] = copy.deepcopy(rng.choice(ANYTHING))
    return value


def spoil(rng, data):
    """Bytes that are cut, changed, doubled or filled with what readers stumble over."""
    at = rng.randint(0, len(data))
    filler = rng.choice([b"\0", b"\xff", b"\xed\xa0\x80", b"[" * 300, b"{", b"}", b'"', b"'", b"&a ", b"*a", b"\t", b"\r", b"\n---\n", b"\xef\xbb\xbf", b"!!x ",
                         b"|", b": ", b"- " * 200, b"? ", b"<<: ", b"%", b"#", b"\\u0000", b"\\udc00", b"1e999"])
    return rng.choice([data[:at], data[:at] + filler + data[at:], data[:at] + data[at + rng.randint(1, 9):], data + data[at:],
                       data[:at] + filler + data[at + len(filler):]])


class Program:
    def __init__(self, binary, folder, seconds):
        self.binary, self.folder, self.end, self.runs, self.faults = binary, folder, time.monotonic() + seconds, 0, 0

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
        return name

    def fault(self, what, arguments, data, detail=""):
        self.faults += 1
        text = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
        print(f"FAULT {what}\n  rightslice {' '.join(arguments)}\n  {detail[:600]!r}\n  input: {text[:3000]!r}\n", flush=True)

    def once(self, arguments, data):
        try:
            done = subprocess.run([self.binary, *arguments], cwd=self.folder, input=data, capture_output=True, timeout=60)
            return done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired:
            return 124, b"", b"no answer after 60 s"

    def run(self, arguments, data, stdin=b"", twice=True):
        """What holds for every command and every input."""
        self.runs += 1
        code, out, err = result = self.once(arguments, stdin)
        said = err.decode("utf-8", "replace")
        if code not in (0, 1, 2) or CRASH.search(said):
            self.fault(f"exit status {code}", arguments, data, said)
        if CONTROL.search(said):
            self.fault("control characters on stderr", arguments, data, said)
        if code == 2 and not said.strip():
            self.fault("exit status 2 without a word", arguments, data)
        if "text" in arguments and CONTROL.search(out.decode("utf-8", "replace")):
            self.fault("control characters on stdout", arguments, data, out.decode("utf-8", "replace"))
        if twice and self.once(arguments, stdin) != result:
            self.fault("two runs, two outputs", arguments, data, said)
        return code, out, said

    def json(self, arguments, data, out):
        try:
            return json.loads(out)
        except ValueError as error:
            self.fault("no JSON on stdout", arguments, data, f"{error}: {out[:300]!r}")
            return None


def has_gpu_key(value):
    if isinstance(value, dict):
        return any(key.startswith("nvidia.com/") and not key.endswith(".product") or has_gpu_key(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(has_gpu_key, value))


def manifests(program, rng):
    """Every document is a result, or an error that names its line; the summary counts the results."""
    documents = [mutate(rng, rng.choice(seeds.MANIFESTS)) for _ in range(25)]
    text = "".join("---\n" + json.dumps(document) + "\n" for document in documents)  # document i stands on line 2 i
    name = program.write("m.yaml", text)
    arguments = ["check", "-o", "json", "--now", "2026-06-01", "--policies", "policy.yaml", name]
    code, out, said = program.run(arguments, text, twice=rng.random() < 0.2)
    answer = program.json(arguments, text, out)
    if answer is None:
        return
    if sum(answer["summary"][key] for key in ("allowed", "warned", "denied", "rewritten")) != len(answer["results"]):
        program.fault("the summary does not count the results", arguments, text, str(answer["summary"]))
    denied = any(result["decision"] == "deny" for result in answer["results"])
    if code != 2 and code != int(denied):
        program.fault(f"exit status {code}, denied: {denied}", arguments, text, said)
    seen = {result["document"] for result in answer["results"]} | {int(line) // 2 for line in re.findall(r"m\.yaml:(\d+):\d+", said)}
    for index, document in enumerate(documents, 1):
        if has_gpu_key(document) and document.get("items", 1) and index not in seen:
            program.fault(f"document {index} is neither judged nor reported", arguments, json.dumps(document), said)
    if rng.random() < 0.2:
        for output in ("text", "sarif", "junit"):
            program.run(["check", "-o", output, "--policies", "policy.yaml", name], text, twice=False)
        program.run(["check", "--fix", "--policies", "policy.yaml", name], text, twice=False)


def raw(program, rng):
    """Spoilt bytes in a manifest: always JSON, never silence."""
    text = spoil(rng, rng.choice([json.dumps(rng.choice(seeds.MANIFESTS), indent=rng.choice((None, 1))).encode(), seeds.YAML.encode()]))
    name = program.write("raw.yaml", text)
    arguments = ["check", "-o", "json", "--policies", "policy.yaml", name]
    _, out, _ = program.run(arguments, text)
    program.json(arguments, text, out)


def review_answer(program, arguments, data, path, code, out, said):
    if code == 2:
        if out or said.count("\n") != 1:
            program.fault("a refused review has one line on stderr and nothing else", arguments, data, said + repr(out))
        return
    answer = program.json(arguments, data, out)
    if answer is None:
        return
    response, wrong = answer.get("response", {}), []
    if code != 0 or answer.get("kind") != "AdmissionReview" or answer.get("apiVersion") != "admission.k8s.io/v1":
        wrong.append("no answered AdmissionReview v1")
    if not isinstance(response.get("allowed"), bool) or response.get("uid") != json.loads(data)["request"].get("uid"):
        wrong.append("uid or allowed")
    if response.get("allowed") is False:
        status = response.get("status", {})
        if status.get("code") not in (403, 500) or not status.get("message") or CONTROL.search(status["message"]) or "\n" in status["message"]:
            wrong.append("a denial is 403 with one line of reason")
        if path == "mutate" and status.get("code") == 403:
            wrong.append("mutate denies")
    for warning in response.get("warnings", []):
        if len(warning) > 120 or "\n" in warning or CONTROL.search(warning):
            wrong.append(f"warning {warning!r}")
    if ("patch" in response) != ("patchType" in response) or ("patch" in response and path == "validate"):
        wrong.append("patch and patchType")
    if "patch" in response and not isinstance(json.loads(base64.b64decode(response["patch"], validate=True)), list):
        wrong.append("patch")
    if any(not isinstance(value, str) or CONTROL.search(value) for value in response.get("auditAnnotations", {}).values()):
        wrong.append("auditAnnotations")
    for what in wrong:
        program.fault(f"review: {what}", arguments, data, out.decode())


def reviews(program, rng):
    review = mutate(rng, rng.choice(seeds.REVIEWS))
    if rng.random() < 0.5:
        review = copy.deepcopy(rng.choice(seeds.REVIEWS))
        review["request"]["object"] = mutate(rng, review["request"]["object"])
    data = json.dumps(review).encode()
    if rng.random() < 0.1:
        data = spoil(rng, data)
    path = rng.choice(("validate", "mutate"))
    arguments = ["review", "--path", path, "--policies", "policy.yaml", "--now", "2026-06-01"]
    code, out, said = program.run(arguments, data, data, twice=rng.random() < 0.2)
    try:
        json.loads(data)
    except ValueError:
        if code != 2:
            program.fault("a body that is no JSON is answered", arguments, data, said)
        return
    review_answer(program, arguments, data, path, code, out, said)


def file_of(program, rng, name, value, arguments):
    """Files that configure: an error names the file, or the answer is JSON."""
    text = json.dumps(mutate(rng, value), indent=1).encode() if rng.random() < 0.85 else spoil(rng, json.dumps(value, indent=1).encode())
    program.write(name, text)
    code, out, said = program.run(arguments, text, twice=rng.random() < 0.2)
    if code == 2 and name not in said and "no policy found" not in said and "[UnreadableFile]" not in said:  # it may name other files
        program.fault("an error that does not name its file", arguments, text, said)
    if code != 2:
        program.json(arguments, text, out)


def policies(program, rng):
    file_of(program, rng, "hostile-policy.yaml", rng.choice(seeds.POLICIES),
            ["check", "-o", "json", "--now", "2026-06-01", "--policies", "hostile-policy.yaml", "good.yaml"])


def surroundings(program, rng):
    file_of(program, rng, "hostile-surroundings.yaml", seeds.SURROUNDINGS,
            ["check", "-o", "json", "--policies", "policy.yaml", "--surroundings", "hostile-surroundings.yaml", "good.yaml"])


def configs(program, rng):
    file_of(program, rng, "hostile-config.json", rng.choice(seeds.CONFIGS),
            ["size", "-o", "json", "--device-memory", rng.choice(("40448Mi", "80Gi")), "--config", "hostile-config.json"])


def suites(program, rng):
    file_of(program, rng, "hostile-suite.yaml", seeds.SUITE, ["test", "-o", "json", "hostile-suite.yaml"])


def catalogues(program, rng):
    file_of(program, rng, "catalogue/" + rng.choice(("gpus.json", "models.json")), rng.choice(seeds.CATALOGUES),
            ["check", "-o", "json", "--policies", "policy.yaml", "--catalogue", "catalogue", "good.yaml"])
    for name in os.listdir(os.path.join(program.folder, "catalogue")):
        os.remove(os.path.join(program.folder, "catalogue", name))


def command_lines(program, rng):
    words = list(rng.choice(seeds.COMMAND_LINES))
    for _ in range(rng.choice((1, 1, 2, 3))):
        value = rng.choice([text for text in map(str, ANYTHING) if "\0" not in text])
        at = rng.randint(1, len(words))
        words[at:at + rng.randint(0, 1)] = [value] if rng.random() < 0.8 else [value] * 5
    arguments = ["size", "-o", "json", "--", *words]
    code, out, _ = program.run(arguments, "", twice=rng.random() < 0.2)
    if code != 2:
        program.json(arguments, "", out)


PARTS = {"manifests": manifests, "raw": raw, "reviews": reviews, "policies": policies, "surroundings": surroundings, "configs": configs,
         "suites": suites, "catalogues": catalogues, "command_lines": command_lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=os.path.abspath)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--only", choices=sorted(PARTS))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options.binary, folder, options.seconds)
        program.write("policy.yaml", "---\n".join(json.dumps(policy) + "\n" for policy in seeds.POLICIES[:2]))
        program.write("good.yaml", "---\n".join(json.dumps(manifest) + "\n" for manifest in seeds.MANIFESTS[:3]))
        rounds = 0
        while time.monotonic() < program.end and program.faults < 20:
            rounds += 1
            for name, part in PARTS.items():
                if options.only in (None, name) and time.monotonic() < program.end:
                    part(program, random.Random(rng.getrandbits(64)))
        print(f"seed {options.seed}: {rounds} rounds, {program.runs} inputs, {program.faults} faults")
        return 1 if program.faults else 0


if __name__ == "__main__":
    sys.exit(main())
