"""Reviews that are made to take long, or to hide what is denied behind a heap of something else."""

import json
import time

import hardness
from hardness import Tally, pick, webhook

MOST = (8 << 20) - 5000
GPU = {"limits": {"nvidia.com/mig-3g.40gb": "1"}, "requests": {"nvidia.com/mig-3g.40gb": "1"}}


def container(number, args=("--model", "Qwen/Qwen2.5-7B-Instruct"), **more):
    return {"name": f"c{number}", "image": "vllm/vllm-openai:v0.8.5", "args": list(args), "resources": GPU, **more}


def pod(containers, annotations=None, **spec):
    thing = webhook.deployment()
    template = thing["spec"]["template"]
    template["metadata"]["annotations"] = annotations or {}
    template["spec"] = {"containers": containers, **spec}
    return thing


def fill(make, room):
    return [make(number) for number in range(room // (len(json.dumps(make(123_456), separators=(",", ":"))) + 1))]


def affinity(values):
    term = {"matchExpressions": [{"key": "nvidia.com/gpu.product", "operator": "In", "values": values}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}


def shell(text):
    return [container(0, [text], command=["sh", "-c"])]


# name -> object, for so many bytes.
HEAVY = {
    "containers": lambda room: pod(fill(container, room)),
    "containers that cannot start": lambda room: pod(fill(lambda n: container(n, ["--model", "Qwen/Qwen2.5-7B-Instruct", "--max-model-len", "131072"]), room)),
    "containers that are too large": lambda room: pod(fill(lambda n: container(n, ["--model", "meta-llama/Llama-3.1-70B-Instruct"]), room)),
    "containers without a GPU": lambda room: pod(fill(lambda n: {"name": "c"}, room)),
    "init containers": lambda room: pod([container(0)], initContainers=fill(container, room)),
    "environment": lambda room: pod([container(0, env=fill(lambda n: {"name": f"E{n}", "value": f"$(E{n - 1})"}, room))]),
    "environment that doubles": lambda room: pod([container(0, ["--model", "$(E999)"], env=[{"name": "E0", "value": "x" * 64}] + [
        {"name": f"E{n}", "value": f"$(E{n - 1})$(E{n - 1})"} for n in range(1, 1000)])]),
    "one large variable, named often": lambda room: pod([container(0, ["$(E0)"] * (room // 20), env=[{"name": "E0", "value": "x" * (room // 2)}])]),
    "a script that names one large variable often": lambda room: pod([container(0, ["vllm serve x " + "$E0 " * (room // 16)], command=["sh", "-c"], env=[
        {"name": "E0", "value": "x" * (room // 2)}])]),
    "words that name many variables": lambda room: pod([container(0, [f"$(E{n})" for n in range(room // 60)], env=[
        {"name": f"E{n}", "value": "x"} for n in range(room // 60)])]),
    "bad flags": lambda room: pod([container(0, fill(lambda n: f"--x{n} y", room))]),
    "flags": lambda room: pod([container(0, fill(lambda n: f"--x{n}", room))]),
    "words": lambda room: pod([container(0, ["--model", "Qwen/Qwen2.5-7B-Instruct"] + ["a"] * (room // 4))]),
    "a long name of a model": lambda room: pod([container(0, ["--model", "Qwen-7B-" * (room // 8)])]),
    "a script": lambda room: pod(shell("vllm serve Qwen/Qwen2.5-7B-Instruct " + "--max-model-len 5 " * (room // 18))),
    "nested substitutions": lambda room: pod(shell("$(" * (room // 4) + "vllm serve x" + ")" * (room // 4))),
    "open quotes": lambda room: pod(shell("'\\\"$`" * (room // 8))),
    "resources": lambda room: pod([container(0, resources={"limits": dict.fromkeys(fill(lambda n: f"nvidia.com/mig-{n}g.{n}gb", room // 2), "1")})]),
    "resources of others": lambda room: pod([container(0, resources={"limits": dict.fromkeys(fill(lambda n: f"example.com/{n}", room // 2), "1")})]),
    "annotations": lambda room: pod([container(0)], dict.fromkeys(fill(lambda n: f"rightslice.io/x{n}", room // 2), "1")),
    "annotations of containers": lambda room: pod([container(n) for n in range(room // 1000)], dict.fromkeys(
        fill(lambda n: f"c{n}.rightslice.io/footprint", room // 2), "1Gi")),
    "annotations of others, and containers": lambda room: pod([container(n) for n in range(min(900, room // 1000))], dict.fromkeys(
        fill(lambda n: f"example.com/{n}", room // 2), "1")),
    "products": lambda room: pod([container(n) for n in range(min(900, room // 1000))], affinity=affinity(fill(lambda n: f"P{n}", room // 2))),
    "claims": lambda room: pod([container(n, resources={"claims": [{"name": f"k{n}"}]}) for n in range(room // 1000)], resourceClaims=fill(
        lambda n: {"name": f"k{n}", "resourceClaimTemplateName": "t"}, room // 2)),
    "volumes": lambda room: pod([container(n, volumeMounts=[{"name": "v", "mountPath": "/x"}]) for n in range(min(900, room // 1000))], volumes=fill(
        lambda n: {"name": f"v{n}", "hostPath": {"path": "/dev/nvidia0"}}, room // 2)),
    "arrays": lambda room: {**pod([container(0)]), "z": [{}] * (room // 4)},
    "keys": lambda room: {**pod([container(0)]), "z": dict.fromkeys(fill(str, room // 2), 0)},
    "a number": lambda room: {**pod([container(0)]), "z": float("0." + "1" * 300)},
    "a quantity": lambda room: pod([container(0, resources={"limits": {"nvidia.com/mig-3g.40gb": "9" * (room - 2000)}})]),
}


class Heavy(hardness.Attack):
    def post(self, thing, uid):
        text = json.dumps(webhook.review(thing, uid=uid), separators=(",", ":"))
        self.assertLess(len(text), 8 << 20)
        began = time.monotonic()
        answer = self.server.post("/validate?timeout=30s", text)
        return answer, time.monotonic() - began

    def test_reviews_made_to_take_long(self):
        server = self.serve()
        load = hardness.Load(server, pause=0.02)
        tally = Tally(f"{len(HEAVY)} kinds of reviews made to take long")
        longest = (0.0, "")
        for room in pick([300_000], [60_000, 300_000, 3 << 20, MOST]):
            for name, make in HEAVY.items():
                with self.subTest(name, bytes=room):
                    answer, took = self.post(make(room), "heavy")
                    tally.sent += 1
                    self.assertIn(answer.status, (200, 413), answer.body[:300])
                    if answer.status == 200:
                        tally.answered += 1
                        self.assertEqual(answer.response["uid"], "heavy")
                    else:
                        tally.refused += 1
                        self.assertIn("at most", answer.json()["error"])
                    longest = max(longest, (took, f"{name}, {room >> 10} KiB"))
        print(f"longest: {longest[0]:.2f} s, {longest[1]}", flush=True)
        self.conclude(tally, load, growth=100)

    def test_nothing_hides_what_is_denied(self):
        """An oversized request behind a heap of what is harmless is denied all the same, or the review is refused; never allowed."""
        self.serve()
        tally = Tally("a denied request behind a heap of harmless things")
        room = pick(200_000, 3 << 20)
        for name, make in HEAVY.items():
            with self.subTest(name):
                thing = make(room)
                denied = {"name": "denied", "image": "example/server:1", "resources": GPU}
                spec = thing["spec"]["template"]["spec"]
                spec["containers"].insert(self.random.randrange(len(spec["containers"]) + 1), denied)
                thing["spec"]["template"]["metadata"].setdefault("annotations", {})["denied.rightslice.io/footprint"] = "6Gi"
                answer, _ = self.post(thing, "hidden")
                tally.sent += 1
                if answer.status == 413:
                    tally.refused += 1
                    continue
                tally.answered += 1
                self.assertEqual(answer.status, 200)
                self.assertFalse(answer.response["allowed"], name)
                causes = answer.response["status"]["details"]["causes"]
                self.assertIn("Oversized", {each["reason"] for each in causes}, name)
        self.conclude(tally, growth=300)


if __name__ == "__main__":
    webhook.unittest.main()
