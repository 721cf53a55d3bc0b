"""etcd, kube-apiserver and kube-controller-manager on loopback: a real API with real controllers, and no node that runs a pod."""
import json
import random
import socket

from authority import Authority
from kubectl import Kubectl
from server_process import ServerProcess

# Requests of people and controllers that change something; the servers' own talk would bury them.
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: ["system:apiserver", "system:kube-controller-manager"]}
- {level: RequestResponse, namespaces: [replayed], verbs: [create, update, patch, delete, deletecollection]}
- {level: Metadata, verbs: [create, update, patch, delete, deletecollection]}
- {level: None}
"""


def free_port():
    """A port of 127.0.0.1 below those that Linux gives to outgoing connections (32768 and up), so that none of them takes it."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port on 127.0.0.1")


# How kube-apiserver shows who it is to one webhook (certs/README.md, "Mutual TLS").
ADMISSION = """\
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ValidatingAdmissionWebhook
  configuration: &webhooks {{apiVersion: apiserver.config.k8s.io/v1, kind: WebhookAdmissionConfiguration, kubeConfigFile: "{}"}}
- name: MutatingAdmissionWebhook
  configuration: *webhooks
"""


class ControlPlane:
    """Started by its constructor. `webhook` is HOST:PORT of the webhook that is called with the client certificate `client` (.crt and .key).
    `state` is an empty folder that nobody else can read; the sockets' names are short and relative
    to it, since a unix socket's path has 107 bytes at most."""

    def __init__(self, programs, state, webhook, client):
        self.programs = programs
        self.state = state
        self.servers, self.arguments = [], {}
        self.audit_log = state / "audit.log"
        self.authority = Authority(state / "pki")
        self.authority.sign("apiserver", "/CN=kube-apiserver", "serverAuth",
                            "IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc")
        self.authority.sign("admin", "/O=system:masters/CN=admin", "clientAuth")
        self.authority.sign("controller-manager", "/CN=system:kube-controller-manager", "clientAuth")
        try:
            self._start_etcd()
            self._start_apiserver(webhook, client)
            self._start_controller_manager()
        except BaseException:
            self.stop()
            raise

    def _start(self, name, *arguments):
        self.arguments[name] = arguments
        server = ServerProcess(name, [self.programs / name, *arguments], self.state / f"{name}.log", folder=self.state)
        self.servers.append(server)
        return server

    def restart(self, name):
        """Kills a server and starts it again as it was. (Told to end, kube-apiserver waits a minute for the watches of others.)"""
        [place] = [index for index, each in enumerate(self.servers) if each.name == name]
        self.servers[place].kill()
        server = self._start(name, *self.arguments[name])
        self.servers[place] = self.servers.pop()   # they are stopped in the order in which they depend on each other
        if name == "kube-apiserver":
            self._await_apiserver(server)

    def _start_etcd(self):
        # etcd insists on HOST:PORT even for a socket, and takes that for the file's name.
        etcd = self._start("etcd", "--name", "test", "--data-dir", "etcd", "--unsafe-no-fsync", "--log-level", "warn",
                           "--listen-client-urls", "unix://etcd-client:1", "--advertise-client-urls", "unix://etcd-client:1",
                           "--listen-peer-urls", "unix://etcd-peer:1", "--initial-advertise-peer-urls", "unix://etcd-peer:1",
                           "--initial-cluster", "test=unix://etcd-peer:1")
        etcd.wait_until((self.state / "etcd-client:1").is_socket, "its socket")

    def _start_apiserver(self, webhook, client):
        (self.state / "audit-policy.yaml").write_text(AUDIT_POLICY)
        (self.state / "admission.yaml").write_text(ADMISSION.format(self.state / "webhooks.kubeconfig"))   # it must be absolute
        user = {"client-certificate": f"{client}.crt", "client-key": f"{client}.key"}
        (self.state / "webhooks.kubeconfig").write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "users": [{"name": webhook, "user": user}]}))
        self.port = free_port()
        self.server = f"https://127.0.0.1:{self.port}"
        for user in ("admin", "controller-manager"):
            (self.state / f"{user}.kubeconfig").write_text(self.authority.kubeconfig(user, self.server))
        self.kubectl = Kubectl(self.programs / "kubectl", self.state / "admin.kubeconfig", home=self.state)
        # A loopback address cannot be an endpoint, hence no reconciler of them.
        apiserver = self._start(
            "kube-apiserver", f"--secure-port={self.port}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none", "--etcd-servers=unix://etcd-client:1", "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction", "--service-cluster-ip-range=10.96.0.0/16", "--client-ca-file=pki/ca.crt",
            "--tls-cert-file=pki/apiserver.crt", "--tls-private-key-file=pki/apiserver.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local", "--service-account-key-file=pki/service-account.pub",
            "--service-account-signing-key-file=pki/service-account.key", "--admission-control-config-file=admission.yaml", "--audit-policy-file=audit-policy.yaml",
            "--audit-log-path=audit.log", "--profiling=false", "--shutdown-delay-duration=0s")
        self._await_apiserver(apiserver)

    def _await_apiserver(self, apiserver):
        apiserver.wait_until(lambda: self.kubectl.run("--request-timeout=2s", "get", "--raw", "/readyz", check=False).status == 0, "/readyz")

    def _start_controller_manager(self):
        # The node lifecycle controllers would mark every node without a kubelet unreachable. The default of 20 requests a second makes
        # the start 4 s longer, and the default flexvolume folder is one of the system's, which the program creates.
        manager = self._start(
            "kube-controller-manager", "--kubeconfig=controller-manager.kubeconfig", "--secure-port=0", "--leader-elect=false",
            "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller,-node-ipam-controller",
            "--use-service-account-credentials=true", "--service-account-private-key-file=pki/service-account.key",
            "--root-ca-file=pki/ca.crt", "--kube-api-qps=1000", "--kube-api-burst=1000", "--horizontal-pod-autoscaler-sync-period=1s",
            f"--flex-volume-plugin-dir={self.state / 'flexvolume'}")
        account = ["--request-timeout=2s", "-n", "default", "get", "serviceaccount", "default"]
        manager.wait_until(lambda: self.kubectl.run(*account, check=False).status == 0, "the default service account")

    def audit_events(self, **wanted):
        """Events of the audit log, oldest first, whose objectRef (and verb, user) are as wanted: name="chat", verb="create"."""
        found = []
        for line in self.audit_log.read_text().splitlines():
            event = json.loads(line)
            facts = {**event.get("objectRef", {}), "verb": event["verb"], "user": event["user"].get("username")}
            if all(facts.get(key) == value for key, value in wanted.items()):
                found.append(event)
        return found

    def stop(self):
        failures = []
        for server in reversed(self.servers):
            try:
                server.stop()
            except RuntimeError as error:
                failures.append(str(error))
        if failures:
            raise RuntimeError("; ".join(failures))
