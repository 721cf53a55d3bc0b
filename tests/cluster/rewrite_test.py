"""A request that is too large is rewritten: what is stored, and that the same manifest changes nothing the second time."""
from checkout import section
from scenario import MEDIUM, MUTATE, ORIGINAL, VALIDATE, Scenario, deployment, slice_name

ASKED, WRITTEN = slice_name("3g.40gb"), slice_name("1g.10gb")
WARNING = f"Oversized: container model: {ASKED} rewritten to {WRITTEN}"


class Rewrite(Scenario):
    namespace = "inference-rewrite"

    def record(self, each):
        return each["spec"]["template"]["metadata"]["annotations"].get(ORIGINAL)

    def test_the_stored_object_has_the_slice_that_fits_and_says_what_was_asked(self):
        printed = self.apply_file("chat", deployment("chat", "3g.40gb"))
        self.assertEqual((printed.status, printed.out, printed.err), (0, "deployment.apps/chat created\n", f"Warning: {WARNING}\n"))
        stored = self.kubectl.get("deployment", "chat")
        self.assertEqual(self.limits("deployment", "chat"), {WRITTEN: "1"})
        self.assertEqual(self.record(stored), f"model={ASKED}:1>{WRITTEN}")
        [container] = stored["spec"]["template"]["spec"]["containers"]
        self.assertEqual((container["name"], container["image"]), ("model", "registry.example/model:1"))
        audit = self.audited(resource="deployments", name="chat", verb="create")
        self.assertEqual((audit[f"{MUTATE}/decision"], audit[f"{MUTATE}/findings"]), ("rewrite", "Oversized"))
        self.assertEqual(audit[f"{MUTATE}/recommended"], WRITTEN)
        self.assertEqual((audit[f"{VALIDATE}/decision"], audit[f"{VALIDATE}/requested"]), ("allow", f"{WRITTEN}:1"))

    def test_requests_and_limits_are_rewritten_together(self):
        both = deployment("both", "3g.40gb")
        resources = both["spec"]["template"]["spec"]["containers"][0]["resources"]
        resources["requests"] = {ASKED: "1", "cpu": "2"}
        resources["limits"]["cpu"] = "2"
        self.kubectl.apply(both)
        [container] = self.kubectl.get("deployment", "both")["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["resources"], {"limits": {WRITTEN: "1", "cpu": "2"}, "requests": {WRITTEN: "1", "cpu": "2"}})

    def test_a_server_side_dry_run_shows_what_would_be_stored(self):
        printed = self.kubectl.apply(deployment("dry", "3g.40gb"), "--dry-run=server", "-o", "jsonpath={.spec.template.spec.containers[0].resources.limits}")
        self.assertEqual((printed.out, printed.warnings), (f'{{"{WRITTEN}":"1"}}', [WARNING]))
        self.assertEqual(self.kubectl.run("get", "deployment", "dry", check=False).status, 1)

    def test_all_kinds_that_people_write(self):
        template = deployment("any", "3g.40gb")["spec"]["template"]
        selector = {"matchLabels": template["metadata"]["labels"]}
        once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
        kinds = {
            "Pod": ({"apiVersion": "v1", "metadata": {**template["metadata"], "name": "any"}, "spec": template["spec"]}, "spec"),
            "StatefulSet": ({"apiVersion": "apps/v1", "spec": {"serviceName": "any", "selector": selector, "template": template}}, "spec.template.spec"),
            "Job": ({"apiVersion": "batch/v1", "spec": {"template": once}}, "spec.template.spec"),
            "CronJob": ({"apiVersion": "batch/v1", "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once}}}},
                        "spec.jobTemplate.spec.template.spec"),
        }
        for kind, (rest, path) in kinds.items():
            with self.subTest(kind=kind):
                printed = self.kubectl.apply({"kind": kind, "metadata": {"name": "any"}, **rest}, "--dry-run=server", "-o",
                                             f"jsonpath={{.{path}.containers[0].resources.limits}}")
                self.assertEqual((printed.out, printed.warnings), (f'{{"{WRITTEN}":"1"}}', [WARNING]))

    def test_a_larger_model_gets_a_larger_slice_and_then_a_smaller_one_again(self):
        self.kubectl.apply(deployment("grows", "3g.40gb"))
        self.kubectl.apply(deployment("grows", "3g.40gb", MEDIUM))
        self.assertEqual(self.limits("deployment", "grows"), {slice_name("2g.20gb"): "1"})
        self.assertEqual(self.record(self.kubectl.get("deployment", "grows")), f"model={ASKED}:1>{slice_name('2g.20gb')}")
        self.kubectl.apply(deployment("grows", "3g.40gb"))
        self.assertEqual(self.limits("deployment", "grows"), {WRITTEN: "1"})

    def test_who_no_longer_asks_for_a_gpu(self):
        """A merge takes out what the author wrote: all resources, but of single keys not the one that was written in its place."""
        with_cpu, without = deployment("dropped", "3g.40gb"), deployment("dropped", "3g.40gb")
        resources = with_cpu["spec"]["template"]["spec"]["containers"][0]["resources"]
        del without["spec"]["template"]["spec"]["containers"][0]["resources"]
        resources["limits"]["cpu"] = "2"
        stored = lambda: self.kubectl.get("deployment", "dropped")["spec"]["template"]["spec"]["containers"][0]["resources"].get("limits")
        self.kubectl.apply(with_cpu)
        self.assertEqual(stored(), {WRITTEN: "1", "cpu": "2"})
        del resources["limits"][ASKED]
        self.kubectl.apply(with_cpu)
        self.assertEqual(stored(), {WRITTEN: "1", "cpu": "2"})
        self.assertIn("a container keeps a slice that its manifest no longer asks for", section("deploy/README.md", "When something is wrong"))
        self.kubectl.run("replace", "-f", "-", stdin=with_cpu)
        self.assertEqual(stored(), {"cpu": "2"})
        self.kubectl.run("delete", "deployment", "dropped")
        self.kubectl.apply(deployment("dropped", "3g.40gb"))
        self.assertEqual(stored(), {WRITTEN: "1"})
        self.kubectl.apply(without)
        self.assertIsNone(stored())

    def test_who_takes_the_recommendation_over_hears_nothing_more(self):
        self.kubectl.apply(deployment("adopted", "3g.40gb"))
        printed = self.apply_file("adopted", deployment("adopted", "1g.10gb"))
        self.assertEqual((printed.status, printed.out, printed.err), (0, "deployment.apps/adopted configured\n", ""))
        self.assertEqual(self.limits("deployment", "adopted"), {WRITTEN: "1"})

    def test_who_asks_for_a_third_slice_afterwards_is_judged_by_that_alone(self):
        """The merge leaves the slice that was written beside the new one: nobody asked for both."""
        for flags in ((), ("--server-side",)):
            with self.subTest(flags=flags):
                self.kubectl.run("delete", "deployment", "third", "--ignore-not-found")
                self.apply_file("third", deployment("third", "3g.40gb"), *flags)
                printed = self.apply_file("third", deployment("third", "2g.20gb"), *flags)
                self.assertEqual(printed.warnings, [f"Oversized: container model: {slice_name('2g.20gb')} rewritten to {WRITTEN}"])
                self.assertEqual(self.limits("deployment", "third"), {WRITTEN: "1"})
                self.assertEqual(self.record(self.kubectl.get("deployment", "third")), f"model={slice_name('2g.20gb')}:1>{WRITTEN}")
                self.apply_file("third", deployment("third", "2g.20gb", MEDIUM), *flags)
                self.assertEqual(self.limits("deployment", "third"), {slice_name("2g.20gb"): "1"})
                self.assertIsNone(self.record(self.kubectl.get("deployment", "third")))


class Twice(Scenario):
    """The law of DESIGN 3.7: the same manifest again, in any of these ways, changes nothing, not even `generation`."""
    namespace = "inference-twice"

    def state(self, kind, name):
        stored = self.kubectl.get(kind, name)
        return stored["metadata"]["generation"], stored["spec"]

    def again(self, name, once, kind="deployment"):
        """Runs `once` three times; what the second and third printed."""
        once()
        before = self.state(kind, name)
        self.assertIn(WRITTEN, str(before))
        self.assertNotIn(f"{{'{ASKED}': '1'}}", str(before))
        out = []
        for _ in range(2):
            out.append(once())
            self.assertEqual(self.state(kind, name), before)
        return out

    def test_kubectl_apply(self):
        each = deployment("client", "3g.40gb")
        for printed in self.again("client", lambda: self.apply_file("client", each)):
            self.assertEqual((printed.status, printed.warnings), (0, [WARNING]))

    def test_kubectl_apply_server_side(self):
        each = deployment("server", "3g.40gb")
        for printed in self.again("server", lambda: self.apply_file("server", each, "--server-side")):
            self.assertEqual((printed.status, printed.out, printed.warnings), (0, "deployment.apps/server serverside-applied\n", [WARNING]))

    def test_server_side_after_client_side(self):
        """kube-apiserver counts the key that was rewritten as owned by the first manager, so the switch is a conflict, once."""
        each = deployment("switched", "3g.40gb")
        self.apply_file("switched", each)
        before = self.state("deployment", "switched")[1]
        refused = self.apply_file("switched", each, "--server-side")
        self.assertEqual(refused.status, 1)
        self.assertIn(f'conflict with "kubectl-client-side-apply" using apps/v1: .spec.template.spec.containers[name="model"].resources.limits.{ASKED}',
                      refused.err)
        for flags in (("--server-side", "--force-conflicts"), ("--server-side",)):
            printed = self.apply_file("switched", each, *flags)
            self.assertEqual((printed.status, printed.warnings), (0, [WARNING]), printed.err)
            self.assertEqual(self.state("deployment", "switched")[1], before)

    def test_kubectl_replace(self):
        """It drops the record with the other annotations, which alone counts as a new generation; what runs stays the same."""
        each = deployment("replaced", "3g.40gb")
        self.kubectl.apply(each)
        _, before = self.state("deployment", "replaced")
        printed = self.kubectl.run("replace", "-f", "-", stdin=each)
        self.assertEqual(printed.warnings, [WARNING])
        self.assertEqual(self.state("deployment", "replaced")[1], before)

    def test_kubectl_diff_shows_nothing(self):
        each = deployment("compared", "3g.40gb")
        self.kubectl.apply(each)
        printed = self.kubectl.run("diff", "-f", "-", stdin=each, check=False)
        self.assertEqual((printed.status, printed.out), (0, ""))

    def test_a_stateful_set_and_a_cron_job(self):
        template = deployment("any", "3g.40gb")["spec"]["template"]
        once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
        stateful = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "any"},
                    "spec": {"serviceName": "any", "selector": {"matchLabels": {"app": "any"}}, "template": template}}
        cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "any"},
                "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once}}}}
        for each in (stateful, cron):
            for flags in ((), ("--server-side",)):
                with self.subTest(kind=each["kind"], flags=flags):
                    self.kubectl.run("delete", each["kind"], "any", "--ignore-not-found")
                    self.again("any", lambda: self.apply_file("any", each, *flags), kind=each["kind"].lower())

    def test_no_rollout_is_started_by_the_second_time(self):
        each = deployment("rolled", "3g.40gb")
        self.again("rolled", lambda: self.apply_file("rolled", each))
        self.eventually(lambda: self.kubectl.get("pods", "-l", "app=rolled")["items"], "its pod")
        self.assertEqual(len(self.kubectl.get("replicasets", "-l", "app=rolled")["items"]), 1)

    def test_kubectl_edit_of_something_else_keeps_the_slice(self):
        self.kubectl.apply(deployment("edited", "3g.40gb"))
        self.kubectl.run("set", "image", "deployment/edited", "model=registry.example/model:2")
        self.assertEqual(self.limits("deployment", "edited"), {WRITTEN: "1"})
        self.kubectl.apply(deployment("edited", "3g.40gb"))
        self.assertEqual(self.limits("deployment", "edited"), {WRITTEN: "1"})
