"""A copy of the repository as an operator has it, with the few edits that this machine asks for, and the runbook's commands."""
import pathlib
import re
import shutil
import subprocess

import yaml

from server_process import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]


def section(document, heading):
    """The text below a heading of a Markdown document of the repository, to the next one of its level or above."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.M | re.S)
    if not found:
        raise AssertionError(f"{document} has no heading '{heading}'")
    return found[2]


def commands(document, heading):
    """The shell blocks under a heading, each as one script."""
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```$", section(document, heading), re.M | re.S)
    if not blocks:
        raise AssertionError(f"{document}: no commands under '{heading}'")
    return [re.sub(rf"^{indent}", "", body, flags=re.M) for indent, body in blocks]


class Checkout:
    def __init__(self, folder, kubectl, rightslice, port):
        self.folder, self.kubectl = folder, kubectl
        folder.mkdir()
        for name in ("deploy", "certs", "policies"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("dev"))
        self.tools = folder / "bin"
        self.tools.mkdir()
        (self.tools / "rightslice").symlink_to(rightslice)
        self._lead_the_service_to(port)

    def edit(self, file, change):
        path = self.folder / file
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def _lead_the_service_to(self, port):
        """There is no pod network. kube-apiserver takes the host of a Service of type ExternalName as it is, so it calls the webhook
        through `clientConfig.service`, and checks the certificate for the Service's name, as in a cluster."""
        patches = [{"target": {"kind": "Service", "name": "rightslice"},
                    "patch": "- {op: replace, path: /spec, value: {type: ExternalName, externalName: 127.0.0.1}}\n"}]
        for kind in ("Validating", "Mutating"):
            written = yaml.safe_load((self.folder / f"deploy/kustomize/base/{kind.lower()}webhook.yaml").read_text(encoding="utf-8"))
            lines = [f"- {{op: replace, path: /webhooks/{index}/clientConfig/service/port, value: {port}}}\n" for index in range(len(written["webhooks"]))]
            patches.append({"target": {"kind": f"{kind}WebhookConfiguration", "name": "rightslice"}, "patch": "".join(lines)})
        self.edit("deploy/kustomize/base/kustomization.yaml", lambda document: document.setdefault("patches", []).extend(patches))
        self.edit("deploy/chart/values.yaml", lambda values: values["webhooks"].update(port=port))
        service = self.folder / "deploy/chart/templates/service.yaml"
        head = service.read_text(encoding="utf-8").partition("spec:\n")[0]
        service.write_text(head + "spec: {type: ExternalName, externalName: 127.0.0.1}\n", encoding="utf-8")

    def add_policies(self, policies):
        """File name -> text, beside those that the enforce overlay has."""
        overlay = "deploy/kustomize/overlays/enforce"
        for name, text in policies.items():
            (self.folder / overlay / "policies" / name).write_text(text, encoding="utf-8")

        def name_them(document):
            files = document["configMapGenerator"][0]["files"]
            files.extend(f"policies/{name}" for name in policies if f"policies/{name}" not in files)
        self.edit(f"{overlay}/kustomization.yaml", name_them)

    def run(self, script):
        """Shell lines as a person would type them here; what they printed."""
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, env=self.kubectl.environment(self.tools),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3 * PATIENCE,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"status {done.returncode} of\n{script}\n{done.stdout}")
        return done.stdout
