"""Reviews over TLS, as kube-apiserver sends them, and what the operator sees of them."""

import base64
import json
import threading
import time

import webhook
from api_server import ApiServer

SECRET = "s3cret-token"


class Reviews(webhook.TestCase):
    def setUp(self):
        root = webhook.pathlib.Path(webhook.tempfile.mkdtemp())
        self.addCleanup(webhook.shutil.rmtree, root, ignore_errors=True)
        for namespace, settings in {
            "team-a": {},
            "team-audit": {"mode": "audit"},
            "team-warn": {"mode": "warn"},
            "team-rewrite": {"oversized": "rewrite"},
        }.items():
            (root / f"{namespace}.yaml").write_text(webhook.policy(namespace, **settings))
        self.server = webhook.Server(self, policies=root)

    def tearDown(self):
        self.server.check_contract(self)

    def post(self, path, thing, **more):
        return self.server.post(path, webhook.review(thing, **more)).response

    def test_an_oversized_request_is_denied_with_everything_needed_to_mend_it(self):
        response = self.post("/validate", webhook.deployment(), uid="deny-me")
        self.assertFalse(response["allowed"])
        self.assertEqual((response["status"]["code"], response["status"]["reason"]), (403, "Forbidden"))
        message = response["status"]["message"]
        for part in ["server", "3g.40gb", "1g.10gb", "team-a/default", "enforce", "Oversized"]:
            self.assertIn(part, message)
        self.assertNotIn("\n", message)
        self.assertEqual(response["status"]["details"]["causes"][0]["reason"], "Oversized")
        self.assertEqual(response["auditAnnotations"]["decision"], "deny")
        self.assertEqual(response["auditAnnotations"]["policy"], "team-a/default")
        self.assertEqual(response["auditAnnotations"]["requested"], "nvidia.com/mig-3g.40gb:1")
        webhook.wait_until(self, lambda: any(line.get("uid") == "deny-me" for line in self.server.log_lines()), "a log line with the uid")
        line = next(line for line in self.server.log_lines() if line.get("uid") == "deny-me")
        self.assertEqual((line["decision"], line["allowed"], line["findings"], line["user"]), ("deny", False, "Oversized", "ann"))
        self.assertEqual(self.server.metric('rightslice_review_total{decision="deny",operation="CREATE",path="validate"}'), 1)
        self.assertEqual(self.server.metric('rightslice_findings_total{action="deny",code="Oversized"}'), 1)

    def test_no_secret_of_an_object_is_told(self):
        """Denials, warnings, events, logs and metrics have more readers than the object."""
        api = ApiServer(self)
        kubeconfig = api.kubeconfig(self.server.policies / "kubeconfig")
        server = webhook.Server(self, policies=self.server.policies, arguments=["--kubeconfig", str(kubeconfig), "--log-level", "debug"])
        webhook.wait_until(self, lambda: server.ready()["ready"], "the cluster is read")
        commands = [
            ["vllm", "serve", "--api-key", SECRET, "--model", f"https://ann:{SECRET}@host/Qwen/Qwen2.5-7B-Instruct?sig={SECRET}"],
            ["vllm", "serve", f"--api-key {SECRET}", "Qwen/Qwen2.5-72B-Instruct", "--max-model-len", "many"],
            ["sh", "-c", f"HF_TOKEN={SECRET} vllm serve Qwen/Qwen2.5-72B-Instruct --max-num-seqs $(curl -H 'Authorization: Bearer {SECRET}' https://host)"],
            [f"TOKEN={SECRET} /start.sh"],
            ["llama-server", "--model-url", f"https://host/a-Q4_K_M.gguf?X-Amz-Signature={SECRET}", "--hf-token", SECRET],
        ]
        answers = []
        for number, command in enumerate(commands):
            for ns in ("team-a", "team-audit", "team-warn", "team-rewrite"):
                thing = webhook.deployment(namespace=ns, name=f"chat-{number}", slice_name="1g.10gb")
                pod = thing["spec"]["template"]
                del pod["metadata"]["annotations"]
                pod["spec"]["containers"][0] |= {
                    "image": "vllm/vllm-openai:v0.8.5", "command": command,
                    "env": [{"name": name, "value": SECRET} for name in ("HF_TOKEN", "VLLM_API_KEY", "NVIDIA_API_KEY", "AWS_SECRET_ACCESS_KEY")]}
                answers += [server.post(path, webhook.review(thing)).body.decode() for path in ("/validate", "/mutate")]
        answers += [server.post("/validate", webhook.review().__repr__() + SECRET).body.decode()]
        self.assertGreater(sum("Undersized" in answer for answer in answers), 4)
        webhook.wait_until(self, lambda: any(body.get("kind") == "Event" for body in api.written), "an event")
        metrics = server.ops("/metrics").body.decode()
        self.assertEqual(server.stop(), 0)
        told = {"answers": "\n".join(answers), "events": json.dumps(api.written), "log": server.log(), "metrics": metrics}
        for where, text in told.items():
            self.assertNotIn(SECRET, text, where)

    def test_claims_that_the_api_server_does_not_answer_for_hold_up_no_other_review(self):
        api = ApiServer(self)
        api.served["/apis/resource.k8s.io/v1"] = ["deviceclasses", "resourceclaims", "resourceclaimtemplates", "resourceslices"]
        api.stuck = lambda method, path: "/resourceclaimtemplates/nobody-made-" in path
        kubeconfig = api.kubeconfig(self.server.policies / "kubeconfig")
        server = webhook.Server(self, policies=self.server.policies, arguments=["--kubeconfig", str(kubeconfig), "--workers", "1"])
        webhook.wait_until(self, lambda: server.ready()["ready"], "the cluster is read")
        over, asked, failures = threading.Event(), [], []

        def ask(number):
            connection = server.connect()
            while not over.is_set():
                answer = server.post("/validate", claiming(f"nobody-made-{number}-{len(asked)}"), connection)
                asked.append(answer)
                if not (answer.status == 200 and answer.response["allowed"] and "is not judged" in answer.body.decode()):
                    failures.append(answer.body)

        askers = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for each in askers:
            each.start()
        webhook.wait_until(self, lambda: any("nobody-made" in path for _, path in api.seen), "a question")
        # With each of the eight waiting in turn for half a second, this would take minutes.
        ordinary, connection = 0, server.connect()
        end = time.monotonic() + webhook.PATIENCE
        while ordinary < 50 and time.monotonic() < end:
            self.assertFalse(server.post("/validate", webhook.review(), connection).response["allowed"])
            ordinary += 1
        over.set()
        for each in askers:
            each.join()
        self.assertEqual((ordinary, failures), (50, []))
        self.assertEqual(server.stop(), 0)

    def test_one_that_fits_passes_without_a_word(self):
        response = self.post("/validate", webhook.deployment(slice_name="1g.10gb"))
        self.assertTrue(response["allowed"])
        self.assertNotIn("warnings", response)
        self.assertNotIn("status", response)

    def test_audit_lets_pass_in_silence_and_records(self):
        response = self.post("/validate", webhook.deployment("team-audit"))
        self.assertTrue(response["allowed"])
        self.assertNotIn("warnings", response)
        self.assertEqual((response["auditAnnotations"]["decision"], response["auditAnnotations"]["would-be"]), ("allow", "deny"))
        self.assertEqual(self.server.metric('rightslice_review_would_be_total{decision="deny",path="validate"}'), 1)

    def test_warn_mode_warns(self):
        response = self.post("/validate", webhook.deployment("team-warn"))
        self.assertTrue(response["allowed"])
        self.assertTrue(response["warnings"])

    def test_a_rewrite_patches_and_the_patched_object_passes(self):
        thing = webhook.deployment("team-rewrite")
        response = self.post("/mutate", thing)
        self.assertTrue(response["allowed"])
        self.assertEqual(response["patchType"], "JSONPatch")
        patch = json.loads(base64.b64decode(response["patch"]))
        self.assertIn("test", [operation["op"] for operation in patch])
        patched = apply(thing, patch)
        limits = patched["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
        self.assertEqual(limits, {"nvidia.com/mig-1g.10gb": "1"})
        self.assertTrue(self.post("/validate", patched)["allowed"])
        self.assertNotIn("patch", self.post("/mutate", patched))

    def test_mutate_never_denies_and_a_dry_run_leaves_no_line_in_the_log(self):
        self.assertTrue(self.post("/mutate", webhook.deployment(), uid="dry", dry_run=True)["allowed"])
        self.assertFalse(self.post("/validate", webhook.deployment(), uid="dry", dry_run=True)["allowed"])
        self.post("/validate", webhook.deployment(), uid="wet")
        webhook.wait_until(self, lambda: any(line.get("uid") == "wet" for line in self.server.log_lines()), "the line of the other")
        self.assertFalse([line for line in self.server.log_lines() if line.get("uid") == "dry"])

    def test_what_is_not_judged_is_allowed(self):
        for change in [{"operation": "DELETE", "object": None, "oldObject": webhook.deployment()},
                       {"operation": "CONNECT"},
                       {"operation": "UPDATE", "subResource": "status", "oldObject": webhook.deployment()},
                       {"operation": "UPDATE", "subResource": "scale", "oldObject": {}, "object": {"kind": "Scale", "spec": {"replicas": 9}}}]:
            body = webhook.review()
            body["request"].update(change)
            with self.subTest(change["operation"]):
                self.assertTrue(self.server.post("/validate", body).response["allowed"])

    def test_the_ops_port_tells_what_is_in_force(self):
        self.assertTrue(self.server.first_lines[0].startswith("listening on https://127.0.0.1:"))
        self.assertTrue(self.server.first_lines[1].startswith("ops on http://127.0.0.1:"))
        self.assertEqual(self.server.ops("/livez").status, 200)
        state = self.server.ready()
        self.assertEqual((state["ready"], state["reasons"], state["policies"]["count"]), (True, [], 4))
        self.assertGreaterEqual(state["policies"]["ageSeconds"], 0)
        self.assertTrue(state["catalogue"]["digest"] and state["certificate"]["expires"])
        answer = self.server.ops("/metrics")
        self.assertTrue(answer.headers["content-type"].startswith("text/plain; version=0.0.4"))
        text = answer.body.decode()
        for name in ["rightslice_build_info{version=", f'rightslice_policy_set_info{{digest="{state["policies"]["digest"]}"}} 1',
                     "rightslice_policy_set_loaded_timestamp_seconds", "rightslice_policy_files_bad 0", "rightslice_connections",
                     "rightslice_certificate_expiry_timestamp_seconds", 'rightslice_policies{mode="enforce"} 2',
                     'rightslice_exceptions{state="expired"} 0', "rightslice_ready 1"]:
            self.assertIn(name, text)
        self.assertNotIn("team-a", text)


def claiming(template):
    """The review of a pod whose GPU is asked for by a template."""
    spec = {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": template}],
            "containers": [{"name": "main", "image": "registry.example/server:1", "resources": {"claims": [{"name": "gpu"}]}}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "chat", "namespace": "team-a"}, "spec": spec}
    out = webhook.review(pod)
    out["request"] |= {"kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"}}
    return out


def apply(document, patch):
    """JSON Patch, as far as our patches use it."""
    document = json.loads(json.dumps(document))
    for operation in patch:
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        at = document
        for part in path:
            at = at[int(part)] if isinstance(at, list) else at[part]
        key = int(last) if isinstance(at, list) else last
        if operation["op"] == "test":
            assert at[key] == operation["value"], operation
        elif operation["op"] == "remove":
            del at[key]
        else:
            at[key] = operation["value"]
    return document
