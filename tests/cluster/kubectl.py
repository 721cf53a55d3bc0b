"""kubectl as a person runs it, with what it printed."""
import json
import os
import subprocess
from dataclasses import dataclass

from server_process import PATIENCE


@dataclass
class Printed:
    command: str
    status: int
    out: str
    err: str

    @property
    def warnings(self):
        return [line[len("Warning: "):] for line in self.err.splitlines() if line.startswith("Warning: ")]


class Kubectl:
    def __init__(self, program, kubeconfig, home, namespace=None):
        self.program, self.kubeconfig, self.home, self.namespace = program, kubeconfig, home, namespace

    def within(self, namespace):
        return Kubectl(self.program, self.kubeconfig, self.home, namespace)

    def environment(self, *folders):
        """For scripts that call kubectl by name."""
        path = os.pathsep.join([*map(str, folders), str(self.program.parent), os.environ["PATH"]])
        return {"PATH": path, "HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig), "LC_ALL": "C.UTF-8"}

    def run(self, *arguments, stdin=None, check=True, folder=None):
        """With `check`, a status other than 0 is an AssertionError that shows what was printed. `stdin` may be text, or objects."""
        command = [str(self.program), *(["-n", self.namespace] if self.namespace else []), *map(str, arguments)]
        if stdin is not None and not isinstance(stdin, str):
            stdin = manifest(stdin)
        done = subprocess.run(command, input=stdin or "", capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=folder,
                              env=self.environment())
        printed = Printed("kubectl " + " ".join(command[1:]), done.returncode, done.stdout, done.stderr)
        if check and printed.status != 0:
            raise AssertionError(f"{printed.command}: status {printed.status}\n{printed.out}{printed.err}")
        return printed

    def apply(self, objects, *flags, check=True):
        return self.run("apply", "-f", "-", *flags, stdin=objects, check=check)

    def get(self, *arguments):
        """The object, or the list of objects, as the server has it."""
        return json.loads(self.run("get", *arguments, "-o", "json").out)


def manifest(objects):
    """Text that kubectl reads, of one object or several."""
    if isinstance(objects, dict):
        return json.dumps(objects)
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
