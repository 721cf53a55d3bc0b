"""The real helm, with what it printed."""
import subprocess

from cluster import programs
from kubectl import Printed
from server_process import PATIENCE


class Helm:
    def __init__(self, kubectl, namespace):
        self.program = programs("helm") / "helm"
        self.kubectl, self.namespace = kubectl, namespace

    def run(self, *arguments, check=True, folder=None):
        command = [str(self.program), "--namespace", self.namespace, *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3 * PATIENCE, check=False,
                              env=self.kubectl.environment(), cwd=folder)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command[1:])}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return Printed(" ".join(command), done.returncode, done.stdout, done.stderr)
