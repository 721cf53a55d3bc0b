"""The API server over plain HTTP, for what kubectl does not show and for many requests a second."""
import http.client
import json
import ssl

from server_process import PATIENCE


class Api:
    """One kept connection for posts; not for several threads (`another`)."""

    def __init__(self, control_plane):
        self.control_plane = control_plane
        pki = control_plane.authority.folder
        self.context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self.context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self.connection = None

    def another(self):
        return Api(self.control_plane)

    def request(self, method, path, body=None, kind="application/json"):
        """HTTP status, headers and body."""
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.control_plane.port, context=self.context, timeout=PATIENCE)
        self.connection.request(method, path, body, {"Content-Type": kind, "User-Agent": "cluster-test"})
        answer = self.connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def post(self, path, each):
        """HTTP status, and the object or the Status that came back."""
        status, _, text = self.request("POST", path, json.dumps(each))
        return status, json.loads(text)

    def patch(self, path, change):
        """A merge patch."""
        status, _, text = self.request("PATCH", path, json.dumps(change), "application/merge-patch+json")
        return status, json.loads(text)

    def metric(self, beginning):
        """The sum of all series of kube-apiserver that begin so."""
        self.connection = None   # the last request may be so long ago that the server closed it
        _, _, text = self.request("GET", "/metrics")
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.decode().splitlines() if line.startswith(beginning))
