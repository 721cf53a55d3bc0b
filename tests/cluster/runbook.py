"""The commands that deploy/README.md and certs/README.md give an operator, read from there: what is tested is what is printed."""
import re

from checkout import ROOT, commands


def command(document, pattern):
    """A command of a document that matches: between backticks in its text, or a line of a block."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = [each.strip() for each in re.findall(r"`([^`\n]+)`", text) + text.splitlines() if re.search(pattern, each.strip())]
    if not found:
        raise AssertionError(f"{document}: no command `{pattern}`")
    return found[0]


DEFINITIONS = command("deploy/README.md", r"^kubectl apply --server-side -f deploy/crds$")
[INSTALL] = commands("certs/README.md", "Files: your own certificates")
PATCH_CA = INSTALL[INSTALL.index("for webhook in"):]
AUDIT = command("deploy/README.md", r"^kubectl apply -k \S+/audit$")
ENFORCE = command("deploy/README.md", r"^kubectl apply -k \S+/enforce$")
[CALLED, SEEN] = [line for block in commands("deploy/README.md", "Install, in audit mode") for line in block.splitlines() if "--dry-run=server" in line or "--raw /metrics" in line]
EMERGENCY, FAIL_OPEN, LET_OUT = commands("deploy/README.md", "Emergency: switch it off")
UNINSTALL, REWRITTEN = commands("deploy/README.md", "Uninstall")
NO_DEFINITIONS = command("deploy/README.md", r"^kubectl delete -f deploy/crds$")
CA_OF_BUNDLE = command("certs/README.md", r"^kubectl get validatingwebhookconfiguration rightslice .* base64 -d >old/ca\.crt$")
BOTH_CAS = command("certs/README.md", r"^cat old/ca\.crt new/ca\.crt")
REPLACE_SECRET = command("certs/README.md", r"create secret tls .* apply -f -$")
# The blocks of "With Helm". There is no kubelet that would bring a rollout to its end.
HELM_INSTALL, HELM_CHANGES, HELM_UNINSTALL = ("".join(line for line in block.splitlines(True) if "rollout status" not in line)
                                              for block in commands("deploy/README.md", "With Helm"))
HELM_FAIL_CLOSED, HELM_ROLLBACK = HELM_CHANGES.splitlines()
