"""Events on objects, as people look for them."""
from scenario import MEDIUM, Scenario, deployment, policy, slice_name


class Told(Scenario):
    def events(self, **fields):
        """Of this program, as the API has them; by fields such as reason="Denied"."""
        selected = [f"{key}={value}" for key, value in {"reportingComponent": "rightslice.io/webhook", **fields}.items()]
        return self.kubectl.get("events", "--field-selector", ",".join(selected))["items"]

    def told(self, **fields):
        [event] = self.eventually(lambda: self.events(**fields), f"an event {fields}")
        return event


class Denied(Told):
    namespace = "team-told"
    policies = {"told.yaml": policy("team-told", actions={"Oversized": "rewrite"})}

    def test_a_denial_is_told_where_kubectl_shows_events(self):
        for _ in range(3):
            self.assertIn("denied the request", self.kubectl.apply(deployment("chat", "1g.10gb", "60Gi"), check=False).err)
        event = self.told(reason="Denied", **{"involvedObject.name": "chat"})
        self.assertEqual((event["type"], event["action"], event["involvedObject"]["kind"]), ("Warning", "Create", "Deployment"))
        self.assertNotIn("uid", event["involvedObject"])
        self.assertTrue(event["message"].startswith("Undersized: container model: "), event["message"])
        self.assertTrue(event["message"].endswith(f" [policy {self.namespace}/default]"), event["message"])
        # Two instances answer in turn, and each counts for itself.
        self.eventually(lambda: sum(each.get("series", {}).get("count", 1) for each in self.events(reason="Denied")) == 3, "all three are counted")
        printed = self.kubectl.run("events", "--types=Warning").out
        self.assertRegex(printed, r"(?m)^\S+( \(x\d over \S+\))? +Warning +Denied +Deployment/chat +Undersized: container model: ")
        self.assertIn("Denied", self.kubectl.run("get", "events").out)

    def test_a_rewrite_is_told_on_the_object_that_there_is(self):
        self.kubectl.apply(deployment("wide", "3g.40gb"))
        event = self.told(reason="Rewritten")
        self.assertEqual(event["type"], "Normal")
        self.assertEqual(event["involvedObject"]["uid"], self.kubectl.get("deployment", "wide")["metadata"]["uid"])
        said = f"Oversized: container model: {slice_name('3g.40gb')} rewritten to {slice_name('1g.10gb')} [policy {self.namespace}/default]"
        self.assertEqual(event["message"], said)
        self.assertRegex(self.kubectl.run("describe", "deployment", "wide").out, r"Normal +Rewritten .*rightslice.io/webhook +Oversized: container model: ")
        self.kubectl.apply(deployment("wide", "3g.40gb"))   # changes nothing, and is no news
        self.kubectl.apply(deployment("after", "3g.40gb"))
        self.eventually(lambda: len(self.events(reason="Rewritten")) > 1, "the event of another one")
        self.assertEqual([each["involvedObject"]["name"] for each in self.events(reason="Rewritten")].count("wide"), 1)

    def test_a_dry_run_is_told_to_nobody(self):
        self.kubectl.apply(deployment("dry", "1g.10gb", "60Gi"), "--dry-run=server", check=False)
        self.kubectl.apply(deployment("wet", "1g.10gb", "60Gi"), check=False)
        self.told(reason="Denied", **{"involvedObject.name": "wet"})
        self.assertEqual(self.events(**{"involvedObject.name": "dry"}), [])


class Audited(Told):
    namespace = "team-told-audit"
    policies = {"told-audit.yaml": policy("team-told-audit", mode="audit")}

    def test_what_would_be_denied_is_told_once_at_the_deployment_of_the_chain(self):
        self.kubectl.apply(deployment("chat", "1g.10gb", MEDIUM, replicas=3))
        event = self.told(reason="WouldDeny")
        self.assertEqual((event["type"], event["involvedObject"]["kind"]), ("Warning", "Deployment"))
        self.eventually(lambda: len(self.kubectl.get("pods")["items"]) == 3, "three pods")
        self.assertEqual([each["involvedObject"]["kind"] for each in self.events()], ["Deployment"])
