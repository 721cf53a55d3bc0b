"""Certificates that the webhook keeps itself: a Secret, the bundles of the webhook configurations, one replica that leads."""
import base64
import contextlib
import json
import re
import ssl
import time

import runbook
from cluster import INSTANCES
from scenario import MEDIUM, Scenario, deployment
from stream import Stream

OVERLAY = "deploy/kustomize/overlays/enforce-self-managed"
SECRET, ACCOUNT = "rightslice-certificate", "system:serviceaccount:rightslice:rightslice"
CONFIGURATIONS = "validatingwebhookconfigurations,mutatingwebhookconfigurations"
# Renewed each 20 s. What is new in a bundle is relied upon after a sixth of the lifetime.
LIFETIMES = ["--cert-lifetime=30s", "--ca-lifetime=10h"]
# Each 8 s, and a CA that lasts less than the one before does, which is replaced at once therefore.
SHORTER = ["--cert-lifetime=12s", "--ca-lifetime=9h"]


def pems(text):
    return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S)


class SelfManaged(Scenario):
    namespace = "inference-self-managed"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node, cls.checkout = cls.cluster.node, cls.cluster.checkout
        # A cluster that served from files goes over to it, pod by pod.
        cls.node.also = LIFETIMES
        with Stream(cls.cluster, cls.namespace, "changed") as cls.change:
            cls.checkout.run(f"kubectl apply -k {OVERLAY}")
            cls.roll()

    @classmethod
    def tearDownClass(cls):
        """Back to files, as certs/README.md says, pod by pod too."""
        cls.node.also = []
        with Stream(cls.cluster, cls.namespace, "back") as back:
            secret = f"kubectl -n rightslice get secret {SECRET} -o jsonpath='{{.data.ca\\.crt}}'"
            cls.checkout.run(f"({secret} | base64 -d; cat old/ca.crt) | base64 -w0 >ca-bundle\n{runbook.PATCH_CA}\n{runbook.ENFORCE}")
            cls.roll()
            cls.checkout.run(f"base64 -w0 <old/ca.crt >ca-bundle\n{runbook.PATCH_CA}")
        assert back.failures == [], back.failures
        cls.admin.run("delete", "clusterrole,clusterrolebinding", "rightslice-certificates")
        cls.admin.run("-n", "rightslice", "delete", "role/rightslice-certificates", "rolebinding/rightslice-certificates", f"secret/{SECRET}")

    @classmethod
    def roll(cls):
        for old in list(cls.node.pods):
            cls.node.start_pod()
            assert cls.node.stop_pod(old) == 0

    # --- what there is

    def secret(self):
        """Key -> text of the Secret; empty where there is none."""
        printed = self.admin.run("-n", "rightslice", "get", "secret", SECRET, "-o", "json", check=False)
        return {key: base64.b64decode(text).decode() for key, text in json.loads(printed.out)["data"].items()} if printed.status == 0 else {}

    def bundles(self):
        """The certificates in the caBundle of each webhook."""
        hooks = [hook for each in self.admin.get(CONFIGURATIONS)["items"] if each["metadata"]["name"] == "rightslice" for hook in each["webhooks"]]
        return [pems(base64.b64decode(hook["clientConfig"].get("caBundle", "")).decode()) for hook in hooks]

    def served(self):
        return [ssl.get_server_certificate(("127.0.0.1", pod.port)).strip() for pod in self.node.pods]

    def leader(self):
        return self.eventually(lambda: [pod for pod in self.node.pods if pod.metric('rightslice_leader{of="certificates"}') == 1], "one of them leads")[0]

    def in_order(self, authority):
        """Everybody serves the certificate of the Secret, whose CA is this one, and every webhook trusts it."""
        secret = self.secret()
        return (secret.get("ca.crt", "").strip() == authority and set(self.served()) == {secret["tls.crt"].strip()} and
                all(authority in bundle for bundle in self.bundles()))

    def another_authority(self, *before):
        """One that is in order, and is none of these."""
        def found():
            authority = self.secret().get("ca.crt", "").strip()
            return authority and authority not in before and self.in_order(authority) and authority
        return self.eventually(found, "another CA is in use")

    def set_bundles(self, text):
        """In every webhook; "" takes the field away."""
        for kind in CONFIGURATIONS.split(","):
            hooks = self.admin.get(kind, "rightslice")["webhooks"]
            change = [{"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": text} for index in range(len(hooks))]
            self.admin.run("patch", kind, "rightslice", "--type=json", "-p", json.dumps(change))

    @contextlib.contextmanager
    def stream(self, prefix):
        """Nothing fails meanwhile."""
        with Stream(self.cluster, self.namespace, prefix) as stream:
            yield stream
        self.unharmed(stream)

    def unharmed(self, stream):
        self.assertEqual(stream.failures, [])
        self.assertGreater(stream.created, 20)
        print(f"{stream.created} created, the slowest in {stream.slowest * 1000:.0f} ms", end=" ... ")

    def denied(self):
        return "denied the request" in self.apply_file("wrong", deployment("wrong", "1g.10gb", MEDIUM), "--dry-run=server").err

    # --- scenarios

    def test_going_over_from_files_fails_no_request(self):
        self.unharmed(self.change)
        self.assertTrue(self.denied())

    def test_from_nothing_it_gets_ready_and_denies(self):
        self.node.kill_all()
        self.admin.run("-n", "rightslice", "delete", "secret", SECRET)
        self.admin.run("-n", "rightslice", "delete", "lease", SECRET)
        self.set_bundles("")
        names = lambda: [hook["name"] for hook in self.admin.get("validatingwebhookconfiguration", "rightslice")["webhooks"]]
        order = names()
        began = time.monotonic()
        for _ in range(INSTANCES):
            self.node.start_pod()
        print(f"two are ready after {time.monotonic() - began:.1f} s", end=" ... ")
        self.assertTrue(self.denied())
        secret = self.secret()
        self.assertEqual(set(secret), {"ca.crt", "ca.key", "tls.crt", "tls.key"})
        self.assertEqual(len(set(self.served())), 1)
        for bundle in self.bundles():
            self.assertEqual(bundle, [secret["ca.crt"].strip()])
        self.assertEqual(names(), order)   # of the webhooks nothing else has changed
        self.assertEqual(sum(pod.metric('rightslice_leader{of="certificates"}') for pod in self.node.pods), 1)
        for pod in self.node.pods:
            self.assertNotIn("PRIVATE KEY", pod.log())
            self.assertNotIn("LS0tLS1", pod.log())

    def test_without_a_failed_request_certificates_are_renewed_and_the_ca_is_replaced(self):
        """Last: what comes after it has another cluster."""
        certificates, before = [], self.secret()["ca.crt"].strip()
        self.node.also = SHORTER
        with self.stream("renewed"):
            self.roll()

            def seen():
                secret = self.secret()
                if secret["ca.crt"].strip() != before and secret["tls.crt"] not in certificates:
                    certificates.append(secret["tls.crt"])
                return len(certificates) >= 2 and self.in_order(secret["ca.crt"].strip())
            self.eventually(seen, "a new CA and two certificates of it")
        self.eventually(lambda: all(before not in bundle for bundle in self.bundles()), "the CA before is dropped")

    def test_a_secret_that_is_deleted_is_made_anew_without_a_failed_request(self):
        before = self.secret()["ca.crt"].strip()
        with self.stream("deleted") as stream:
            self.admin.run("-n", "rightslice", "delete", "secret", SECRET)
            after = self.another_authority(before)
            target = stream.created + 20
            self.eventually(lambda: stream.created >= target, "more are created")
        for bundle in self.bundles():   # the CA before stays until nobody can serve a certificate of it
            self.assertTrue({before, after} <= {*bundle})

    def test_a_bundle_that_somebody_resets_is_put_right_within_seconds(self):
        authority = self.secret()["ca.crt"].strip()
        for wrong in ("", base64.b64encode((self.checkout.folder / "old/ca.crt").read_bytes()).decode()):
            self.set_bundles(wrong)
            began = time.monotonic()
            self.eventually(lambda: all(authority in bundle for bundle in self.bundles()), "the bundles are right again")
            self.assertLess(time.monotonic() - began, 10)
            self.eventually(self.denied, "it is called again")
        # The runbook's own command, again.
        self.checkout.run(f"kubectl apply -k {OVERLAY}")
        self.assertTrue(all(authority in bundle for bundle in self.bundles()))
        self.assertTrue(all(pod.ready() for pod in self.node.pods))

    def test_when_the_leader_is_killed_another_one_leads(self):
        leader, before = self.leader(), self.secret()["ca.crt"].strip()
        self.node.pods.remove(leader)
        self.node._publish_endpoints()
        leader.kill()
        self.addCleanup(self.node.start_pod)
        self.admin.run("-n", "rightslice", "delete", "secret", SECRET)
        self.assertTrue(self.denied())   # from memory
        self.another_authority(before)
        self.assertTrue(self.denied())
        lease = self.admin.get("-n", "rightslice", "lease", SECRET)["spec"]
        self.assertGreaterEqual(lease["leaseTransitions"], 1)

    def test_a_secret_of_somebody_else_is_left_alone(self):
        foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": {"tls.crt": "theirs"}}
        kubectl = self.admin.within("rightslice")
        before = self.secret()["ca.crt"].strip()
        kubectl.run("delete", "secret", SECRET)
        self.another_authority(before)
        mine = self.secret()["ca.crt"].strip()
        kubectl.run("label", "secret", SECRET, "rightslice.io/certificates-")
        kubectl.run("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=foreign)

        def told():
            certificates = [json.loads(pod.ops("/readyz")[1])["certificate"] for pod in self.node.pods]
            return all("is not of this program" in each.get("trouble", "") for each in certificates)
        self.eventually(told, "both say so")
        self.assertTrue(self.denied())
        self.assertEqual(self.secret()["tls.crt"], "theirs")
        self.assertEqual(self.secret()["ca.crt"].strip(), mine)
        kubectl.run("delete", "secret", SECRET)
        self.another_authority(mine)

    def test_its_role_lets_it_do_this_and_no_more(self):
        def may(verb, resource, name="", namespace="rightslice"):
            target = f"{resource}/{name}" if name else resource
            return self.admin.run("-n", namespace, "auth", "can-i", verb, target, f"--as={ACCOUNT}", check=False).out.strip() == "yes"
        for verb in ("get", "list", "watch", "patch"):
            self.assertTrue(may(verb, "secrets", SECRET))
            self.assertFalse(may(verb, "secrets", "another"))
            self.assertFalse(may(verb, "secrets"))
        for verb, kind in (("delete", "secrets"), ("update", "secrets"), ("delete", "validatingwebhookconfigurations"), ("get", "configmaps")):
            self.assertFalse(may(verb, kind, "rightslice"))
        self.assertTrue(may("patch", "validatingwebhookconfigurations", "rightslice"))
        self.assertFalse(may("patch", "validatingwebhookconfigurations", "another"))
        self.assertFalse(may("create", "secrets", namespace="kube-system"))
