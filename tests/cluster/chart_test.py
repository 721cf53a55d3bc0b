"""Rightslice installed by its own chart, with the runbook's commands: from audit to failing closed, upgrades, rollbacks, another release, uninstalling."""
import contextlib
import json

import yaml

import runbook
from checkout import ROOT
from helm import Helm
from kubectl import manifest
from lifecycle_test import WEBHOOKS
from scenario import MEDIUM, VALIDATE, Scenario, deployment, policy

OF_NAMESPACE = "serviceaccounts,configmaps,services,deployments,poddisruptionbudgets,roles,rolebindings"
OF_CLUSTER = f"{WEBHOOKS},clusterroles,clusterrolebindings,customresourcedefinitions"
AGAIN = ("upgrade", "rightslice", "deploy/chart", "--reset-then-reuse-values")


class Charted(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.checkout, cls.node = cls.cluster.checkout, cls.cluster.node
        cls.helm = Helm(cls.admin, "rightslice")
        cls.chart = cls.checkout.folder / "deploy/chart"
        link = cls.checkout.tools / "helm"
        if not link.exists():
            link.symlink_to(cls.helm.program)

    @classmethod
    def gone(cls):
        """Whatever is installed is taken away, and its pods with it."""
        cls.node.stop()
        cls.checkout.run("rm -rf certs/dev")
        if "rightslice" in cls.helm.run("list", "--short").out.split():
            cls.checkout.run(runbook.HELM_UNINSTALL + "kubectl delete namespace rightslice")
        else:
            cls.checkout.run(runbook.UNINSTALL)
        cls.admin.run("wait", "--for=delete", "namespace/rightslice", "--timeout=30s")

    @classmethod
    def install(cls):
        cls.checkout.run(runbook.HELM_INSTALL)
        cls.node.start_pod()

    def upgrade(self, *flags, check=True):
        printed = self.helm.run(*AGAIN, *flags, check=check, folder=self.checkout.folder)
        if printed.status == 0:
            self.node.sync()
        return printed

    def changed(self, *flags):
        """An upgrade that is taken back when the test ends."""
        revision = json.loads(self.helm.run("list", "-o", "json").out)[0]["revision"]
        self.addCleanup(lambda: (self.helm.run("rollback", "rightslice", revision), self.node.sync()))
        return self.upgrade(*flags)

    def values(self, **values):
        """A file with values; the flag for it."""
        return "--values", self.files(values=values) / "values.yaml"

    def refused(self, name):
        return self.apply_file(name, deployment(name, "1g.10gb", MEDIUM))

    def denied(self):
        """Asked again and again, so nothing is made: one that got in while nobody looked would only be warned about (the ratchet)."""
        return "denied the request" in self.apply_file("tried", deployment("tried", "1g.10gb", MEDIUM), "--dry-run=server").err

    def versions(self):
        """What changes with any change of what is installed."""
        objects = [*self.admin.get("-n", "rightslice", OF_NAMESPACE)["items"], *self.admin.get(OF_CLUSTER)["items"]]
        return {(each["kind"], each["metadata"]["name"]): each["metadata"].get("generation", each["metadata"]["resourceVersion"])
                for each in objects if "rightslice" in each["metadata"]["name"]}


class Chart(Charted):
    namespace = "inference-chart"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gone()
        cls.checkout.run(runbook.NO_DEFINITIONS)
        cls.install()

    def test_as_it_is_it_records_and_denies_nothing(self):
        self.assertIn('"status":"deployed"', self.helm.run("status", "rightslice", "-o", "json").out)
        printed = self.refused("wrong")
        self.assertEqual((printed.out, printed.err), ("deployment.apps/wrong created\n", ""))
        recorded = self.audited(name="wrong", verb="create")
        self.assertEqual((recorded[f"{VALIDATE}/decision"], recorded[f"{VALIDATE}/would-be"], recorded[f"{VALIDATE}/policy"]), ("allow", "deny", "audit"))
        pods = self.eventually(lambda: (found := self.admin.get("-n", "rightslice", "pods")["items"]) and len(found) == 3 and found, "three pods")
        self.assertEqual({pod["status"]["phase"] for pod in pods}, {"Pending"})   # let in by the restricted pod security
        for pod in self.node.pods:   # under the chart's own role
            self.assertTrue(pod.ready())
            self.assertEqual([each for each in pod.log_lines() if "HTTP 403" in str(each)], [])

    def test_an_upgrade_without_a_change_changes_nothing(self):
        before = self.versions()
        self.assertGreater(len(before), 12)
        self.assertTrue(all(hook["clientConfig"]["caBundle"] for each in self.admin.get(WEBHOOKS)["items"] for hook in each["webhooks"]))
        for how in ("true", "false"):
            self.upgrade(f"--server-side={how}")
            self.assertEqual(self.versions(), before)

    def test_from_audit_to_failing_closed_and_back(self):
        for mode, said in (("warn", "Warning: Undersized"), ("enforce", "denied the request: Undersized")):
            self.changed(*self.values(policies={"files": {"team.yaml": policy(self.namespace, mode=mode)}}))
            self.assertIn(said, self.refused(mode).err)
        self.assertEqual(self.kubectl.run("get", "deployment", "enforce", check=False).status, 1)

        self.checkout.run(runbook.HELM_FAIL_CLOSED)
        # What the alerts RightsliceRefusedUnjudged and RightslicePassedUnjudged count.
        refused = lambda: self.cluster.api.metric(f'apiserver_admission_webhook_rejection_count{{error_type="calling_webhook_error",name="{VALIDATE}"')
        passed = lambda: self.cluster.api.metric(f'apiserver_admission_webhook_fail_open_count{{name="{VALIDATE}"')
        before = refused(), passed()
        with self.outage():
            self.assertIn(f'failed calling webhook "{VALIDATE}"', self.refused("closed").err)
            plain = deployment("plain", "1g.10gb")
            del plain["spec"]["template"]["spec"]["containers"][0]["resources"]
            self.assertEqual(self.apply_file("plain", plain).err, "")
            # The pods of Rightslice itself come back: nobody is asked about them.
            self.admin.run("-n", "rightslice", "delete", "pods", "--all", "--wait=false", "--grace-period=0", "--force")
            self.eventually(lambda: len(self.admin.get("-n", "rightslice", "pods")["items"]) == 3, "new pods")
            self.checkout.run(runbook.HELM_ROLLBACK)
            self.eventually(lambda: self.refused("open").err == "", "it fails open again")
        self.assertGreater(refused(), before[0])
        self.assertGreater(passed(), before[1])

    @contextlib.contextmanager
    def outage(self):
        self.node.kill_all()
        try:
            yield
        finally:
            self.node.start_pod()

    def test_pods_are_replaced_for_a_new_image_and_not_for_a_policy(self):
        before = self.admin.get("-n", "rightslice", "deployment", "rightslice")
        self.changed(*self.values(policies={"files": {"other.yaml": policy("other")}}, webhooks={"failurePolicy": "Fail", "timeoutSeconds": 5}))
        self.assertEqual(self.admin.get("-n", "rightslice", "deployment", "rightslice")["metadata"]["generation"], before["metadata"]["generation"])
        self.changed("--set", "image.tag=0.2.0")
        after = self.admin.get("-n", "rightslice", "deployment", "rightslice")
        self.assertEqual(after["spec"]["template"]["spec"]["containers"][0]["image"], "registry.example.com/rightslice:0.2.0")
        self.eventually(lambda: ":0.2.0" in self.admin.run("-n", "rightslice", "get", "replicasets", "-o", "wide").out, "a ReplicaSet of the new image")
        self.checkout.run(runbook.HELM_ROLLBACK)
        self.assertEqual(self.admin.get("-n", "rightslice", "deployment", "rightslice")["spec"], before["spec"])

    def test_namespaces_opt_in_and_stay_out(self):
        self.changed(*self.values(policies={"files": {"team.yaml": policy(self.namespace)}},
                                  webhooks={"namespaceSelector": {"matchLabels": {"rightslice.io/admission": "enabled"}}}))
        self.eventually(lambda: self.refused("early").err == "", "a namespace that has not opted in is left alone")
        self.admin.run("label", "namespace", self.namespace, "rightslice.io/admission=enabled")
        self.addCleanup(self.admin.run, "label", "namespace", self.namespace, "rightslice.io/admission-")
        self.eventually(self.denied, "it has opted in")
        self.upgrade(*self.values(webhooks={"exemptNamespaces": ["kube-system", self.namespace]}))
        self.eventually(lambda: self.refused("exempt").err == "", "it is left out")

    def test_mutual_tls(self):
        ca = self.cluster.clients / "ca.crt"
        self.admin.run("-n", "rightslice", "create", "secret", "generic", "rightslice-clients", f"--from-file=ca.crt={ca}")
        self.addCleanup(self.node.replace_all)   # runs after the rollback
        self.changed(*self.values(certificates={"clientCASecretName": "rightslice-clients"}, policies={"files": {"team.yaml": policy(self.namespace)}}))
        self.node.replace_all()
        self.assertIn("--client-ca", " ".join(map(str, self.node.pods[0].process.args)))
        self.assertIn("denied the request: Undersized", self.refused("shown").err)

    def test_the_emergency_line_and_back(self):
        self.changed(*self.values(policies={"files": {"team.yaml": policy(self.namespace)}}))
        self.assertIn("denied the request", self.refused("on").err)
        self.checkout.run(runbook.EMERGENCY)
        self.eventually(lambda: self.refused("off").status == 0, "nothing is called any more")
        self.upgrade()
        self.eventually(self.denied, "an upgrade makes them again")

    def test_a_second_release_is_refused_and_makes_nothing(self):
        before = self.versions()
        self.admin.run("create", "namespace", "second")
        self.addCleanup(self.admin.run, "delete", "namespace", "second", "--wait=false")
        for namespace, name in (("second", "rightslice"), ("rightslice", "second")):
            printed = Helm(self.admin, namespace).run("install", name, "deploy/chart", check=False, folder=self.checkout.folder)
            self.assertNotEqual(printed.status, 0)
            self.assertIn("exists and cannot be imported into the current release", printed.err)
        self.assertEqual([each for each in self.admin.get("-n", "second", OF_NAMESPACE)["items"] if "rightslice" in each["metadata"]["name"]], [])
        self.assertEqual(self.versions(), before)
        self.assertEqual(self.refused("still").err, "")

    def test_what_every_value_makes_is_what_the_server_accepts(self):
        """Not what needs the definitions of others: cert-manager's and the Prometheus operator's."""
        rendered = self.helm.run("template", "rightslice", self.chart, *self.values(
            networkPolicy={"enabled": True, "webhookFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, priorityClassName="system-cluster-critical",
            certificates={"mode": "cert-manager", "clientCASecretName": "clients"}, image={"digest": "sha256:" + 64 * "a", "pullSecrets": [{"name": "pull"}]},
            webhooks={"objectSelector": {"matchLabels": {"team": "a"}}, "failurePolicy": "Fail", "mutating": False}, topologySpread="DoNotSchedule",
            nodeSelector={"pool": "system"}, tolerations=[{"key": "pool", "operator": "Exists"}], podLabels={"team": "a"}, podAnnotations={"team": "a"},
            affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "rightslice"}}}]}},
            server={"trustedControllers": ["system:serviceaccount:kuberay:*"], "extraArgs": ["--max-exception-days=30"]},
            monitoring={"dashboard": {"enabled": True}, "podMonitor": {"enabled": True}, "rules": {"enabled": True}})).out
        objects = [each for each in yaml.safe_load_all(rendered) if each]
        foreign = [each for each in objects if each["apiVersion"].startswith(("cert-manager.io/", "monitoring.coreos.com/"))]
        self.assertEqual(sorted({each["kind"] for each in foreign}), ["Certificate", "Issuer", "PodMonitor", "PrometheusRule"])
        ours = [each for each in objects if each not in foreign]
        self.assertFalse(any(each["kind"] == "MutatingWebhookConfiguration" for each in ours))
        printed = self.admin.run("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", stdin=manifest(ours))
        self.assertEqual((printed.warnings, len(printed.out.splitlines())), ([], len(ours)))


class Coming(Charted):
    """From kustomize, without a release, and going again."""
    namespace = "inference-coming"

    def test_from_kustomize_without_a_gap(self):
        self.gone()
        self.checkout.run("kubectl delete --ignore-not-found -f deploy/crds")
        self.cluster.install()
        ca = self.checkout.folder / "old/ca.crt"
        before = self.admin.get("-n", "rightslice", "deployment", "rightslice")
        self.assertNotEqual(self.helm.run("install", "rightslice", self.chart, check=False).status, 0)
        self.helm.run("install", "rightslice", self.chart, "--take-ownership", "--force-conflicts",
                      "--set", "certificates.mode=secret", "--set-file", f"certificates.caBundle={ca}")
        self.node.sync()
        after = self.admin.get("-n", "rightslice", "deployment", "rightslice")
        self.assertEqual(after["spec"], before["spec"])   # no pod is replaced
        self.refused("wrong")
        self.assertEqual(self.audited(name="wrong", verb="create")[f"{VALIDATE}/would-be"], "deny")

    def test_uninstalled_it_leaves_a_working_cluster_and_the_policies(self):
        self.kubectl.apply(deployment("there", "1g.10gb"))
        kept = json.loads(policy(self.namespace, name="kept"))
        self.admin.apply(kept)
        self.helm.run(*AGAIN, "--set", "webhooks.failurePolicy=Fail", folder=self.checkout.folder)
        self.checkout.run(runbook.HELM_UNINSTALL)
        self.assertEqual(self.admin.get(WEBHOOKS)["items"], [])
        self.node.stop()
        self.assertEqual(self.refused("free").err, "")
        self.kubectl.run("set", "image", "deployment/there", "model=registry.example/model:2")
        self.kubectl.run("delete", "deployment", "free", "there")
        everything = self.admin.run("get", f"{OF_CLUSTER},priorityclasses,apiservices", "-o", "name").out.splitlines()
        self.assertEqual({each.rpartition("/")[2] for each in everything if "rightslice" in each},
                         {f"{name}.rightslice.io" for name in ("slicepolicies", "clusterslicepolicies", "sliceexceptions", "v1alpha1")})
        self.assertEqual(self.kubectl.get("slicepolicy", "kept")["spec"], kept["spec"])
        self.admin.run("delete", "namespace", "rightslice")

        # Without a release, as Argo CD does it; twice, and nothing is new the second time.
        self.checkout.run(runbook.HELM_INSTALL.partition("helm install")[0])
        applied = "helm template rightslice deploy/chart --namespace rightslice | kubectl apply --server-side --force-conflicts -f -"
        self.checkout.run(applied)
        before = self.versions()
        self.checkout.run(applied)
        self.assertEqual(self.versions(), before)
        self.node.start_pod()
        # The policy that was kept enforces.
        self.eventually(self.denied, "the policy that was kept is in force")


del Charted   # the loader would take it for scenarios
