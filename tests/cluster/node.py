"""A stand-in for what a node does with the pods of Rightslice's Deployment: mounts, a process each, readiness, endpoints."""
import base64
import http.client
import json
import re
import signal
import time

from mounted_folder import Folder
from server_process import PATIENCE, ServerProcess

NAMESPACE = "rightslice"
# Instead of the 10 s that endpoints may take in a cluster; here they follow at once.
SHUTDOWN_DELAY = "2s"


class Pod(ServerProcess):
    def start_up(self):
        """Waits until it is ready."""
        self.wait_until(lambda: re.search(r"^ops on \S+:\d+$", self.log(), re.M), "it listens")
        self.port, self.ops_port = (int(re.search(rf"^{what} on \S+:(\d+)$", self.log(), re.M)[1]) for what in ("listening", "ops"))
        self.wait_until(self.ready, "it is ready")

    def ops(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=PATIENCE)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def ready(self):
        try:
            return self.ops("/readyz")[0] == 200
        except OSError:
            return False

    def log_lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def metric(self, beginning):
        """The sum of all series that begin so."""
        lines = self.ops("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(beginning))


class Node:
    def __init__(self, kubectl, folder, rightslice, service):
        self.kubectl = kubectl.within(NAMESPACE)
        self.folder, self.rightslice, self.service = folder, rightslice, service
        folder.mkdir()
        self.also = []      # arguments beyond those of the Deployment
        self.mounts, self.shown = {}, {}
        self.pods = []      # those that serve
        self.servers = []   # those that ever did

    def _spec(self):
        return self.kubectl.get("deployment", "rightslice")["spec"]["template"]["spec"]

    def sync(self):
        """Shows the pods what Secret and ConfigMap hold now, as the kubelet does within two minutes; waits until they took it."""
        spec = self._spec()
        [container] = spec["containers"]
        changed = False
        for volume in spec["volumes"]:
            [mount] = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == volume["name"]]
            if "secret" in volume:
                data = self.kubectl.get("secret", volume["secret"]["secretName"])["data"]
                files = {name: base64.b64decode(text).decode() for name, text in data.items()}
            else:
                files = self.kubectl.get("configmap", volume["configMap"]["name"])["data"]
            if self.shown.get(mount) == files:
                continue
            self.shown[mount] = files
            pods = self.pods if mount in self.mounts else []   # who began without it does not see it
            if mount not in self.mounts:
                self.mounts[mount] = Folder(self.folder / volume["name"])
            before = [self._reloads(pod) for pod in pods]
            self.mounts[mount].publish(files)
            for pod, count in zip(pods, before):
                pod.process.send_signal(signal.SIGHUP)   # it polls by itself, each 2 s
                pod.wait_until(lambda pod=pod, count=count: self._reloads(pod) > count, f"{mount} is read again")
            changed = True
        return changed

    @staticmethod
    def _reloads(pod):
        return pod.metric("rightslice_policy_reload_total") + pod.metric("rightslice_certificate_reload_total")

    def arguments(self):
        """Those of the Deployment, with the mounts of this node, free ports of loopback and a shorter delay."""
        [container] = self._spec()["containers"]
        out = []
        for argument in container["args"]:
            flag, equals, value = argument.partition("=")
            if flag in ("--listen", "--ops-listen"):
                value = "127.0.0.1:0"
            elif flag == "--shutdown-delay":
                value = SHUTDOWN_DELAY
            else:
                for mount, folder in self.mounts.items():
                    if value == mount or value.startswith(mount + "/"):
                        value = str(folder.path) + value[len(mount):]
            out.append(flag + equals + value)
        return out + self._credentials() + self.also

    def _credentials(self):
        """The service account's token, where the Deployment has it mounted: not at the fixed path of a pod, so as a kubeconfig."""
        spec = self._spec()
        if not spec.get("automountServiceAccountToken"):
            return []
        config = json.loads(self.kubectl.kubeconfig.read_text())
        token = self.kubectl.run("create", "token", spec["serviceAccountName"], "--duration=1h").out.strip()
        config["users"][0]["user"] = {"token": token}
        config["contexts"][0]["context"]["namespace"] = NAMESPACE   # as a pod is told beside its token
        path = self.folder / "kubeconfig"
        path.write_text(json.dumps(config))
        return ["--kubeconfig", str(path)]

    def start_pod(self):
        self.sync()
        name = f"rightslice-{len(self.servers) + 1}"
        pod = Pod(name, [self.rightslice, *self.arguments()], self.folder / f"{name}.log")
        self.servers.append(pod)
        pod.start_up()
        self.pods.append(pod)
        self._publish_endpoints()
        return pod

    def _publish_endpoints(self):
        self.service.set([pod.port for pod in self.pods])

    def stop_pod(self, pod, notice=0.3):
        """SIGTERM first, and the endpoint is taken out `notice` seconds later: in a cluster the two race. The exit status."""
        pod.process.terminate()
        time.sleep(notice)
        self.pods.remove(pod)
        self._publish_endpoints()
        return pod.end()   # a second SIGTERM would cut its delay short

    def kill_pod(self, pod):
        self.pods.remove(pod)
        self._publish_endpoints()
        pod.kill()

    def kill_all(self):
        for pod in list(self.pods):
            self.pods.remove(pod)
            pod.kill()
        self._publish_endpoints()

    def replace_all(self):
        """New pods for those that serve, without a gap."""
        old = list(self.pods)
        for _ in old:
            self.start_pod()
        self.pods = self.pods[len(old):]
        self._publish_endpoints()
        for pod in old:
            pod.process.terminate()
            pod.stop()   # twice told, it does not wait

    def stop(self):
        pods, self.pods = self.pods, []
        self._publish_endpoints()
        for pod in pods:
            pod.process.terminate()
            status = pod.stop()   # twice told, it does not wait for its endpoints to be taken out
            if status != 0:
                raise RuntimeError(f"{pod.name} ended with status {status}\n{pod.tail()}")
