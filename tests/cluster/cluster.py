"""The one cluster of a run: a control plane, Rightslice installed as the runbook says and enforcing, and nodes with slices."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import gpu_nodes
import runbook
import serving_definitions
from api import Api
from checkout import Checkout
from control_plane import ControlPlane
from loopback_service import LoopbackService
from node import Node

HERE = pathlib.Path(__file__).resolve().parent
INSTANCES = 2


def programs(what):
    """The folder of programs/build, which builds them if they are not there. Where it cannot, this process ends as skipped."""
    build = subprocess.run([HERE / "programs" / "build", what], stdout=subprocess.PIPE, text=True, check=False)
    if build.returncode != 0:
        sys.exit(build.returncode)
    return pathlib.Path(build.stdout.strip())


class Cluster:
    def __init__(self, programs, rightslice, policies):
        self.programs, self.rightslice, self.policies = programs, rightslice, policies
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="rightslice-cluster-"))
        self.parts = []   # what is to be stopped, in the order of its start
        try:
            # What kube-apiserver shows to webhooks that ask for it; ours does with --client-ca.
            self.clients = self.state / "clients"
            subprocess.run([rightslice, "certs", "--out", self.clients, "--client"], check=True, stdout=subprocess.DEVNULL)
            self.service = self._part(LoopbackService())
            webhook = f"rightslice.rightslice.svc:{self.service.port}"
            self.control_plane = self._part(ControlPlane(programs, self.state, webhook, self.clients / "client"))
            self.kubectl = self.control_plane.kubectl
            self.api = Api(self.control_plane)
            self.checkout = Checkout(self.state / "checkout", self.kubectl, rightslice, self.service.port)
            self.checkout.add_policies(policies)
            self.node = self._part(Node(self.kubectl, self.state / "node", rightslice, self.service))
            gpu_nodes.create(self.kubectl)
            serving_definitions.create(self.kubectl)
            self.install()
        except BaseException:
            self.show_logs()
            self.stop()
            raise

    def _part(self, part):
        self.parts.append(part)
        return part

    def install(self):
        """As deploy/README.md and certs/README.md say: audit first, then enforce."""
        self.checkout.run(f"{runbook.DEFINITIONS}\n{runbook.INSTALL}\nrm -rf old && mv certs/dev old")
        for _ in range(INSTANCES):
            self.node.start_pod()
        self.enforce()

    def enforce(self):
        self.checkout.run(runbook.ENFORCE)
        self.node.sync()

    def set_policies(self, policies):
        """File name -> text, in force when this returns; others stay."""
        self.checkout.add_policies(policies)
        self.enforce()

    def show_logs(self):
        """The ends of all logs, for a run that failed."""
        servers = [server for part in self.parts for server in getattr(part, "servers", ())]
        for server in servers:
            print(f"--- the end of the log of {server.name}\n{server.tail()}", flush=True)

    def stop(self):
        failures = []
        for part in reversed(self.parts):
            try:
                part.stop()
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                failures.append(str(error))
        shutil.rmtree(self.state, ignore_errors=True)
        if failures:
            raise RuntimeError("; ".join(failures))
