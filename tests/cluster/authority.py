"""The cluster's own certificate authority, and the kubeconfigs of those that it vouches for."""
import base64
import json
import secrets
import subprocess

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(mode=0o700)
        self._openssl("req", "-x509", *CURVE, "-days", "2", "-subj", "/CN=test-cluster-ca", "-addext", "basicConstraints=critical,CA:TRUE",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.crt")
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "service-account.key")
        self._openssl("ec", "-in", "service-account.key", "-pubout", "-out", "service-account.pub")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)

    def sign(self, name, subject, usage, names=""):
        """NAME.key and NAME.crt; `usage` is serverAuth or clientAuth."""
        self._openssl("req", "-new", *CURVE, "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        extensions = ["basicConstraints = critical,CA:FALSE", "keyUsage = critical,digitalSignature", f"extendedKeyUsage = {usage}"]
        if names:
            extensions.append(f"subjectAltName = {names}")
        (self.folder / f"{name}.ext").write_text("\n".join(extensions) + "\n")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2",
                      "-set_serial", "0x" + secrets.token_hex(8), "-extfile", f"{name}.ext", "-out", f"{name}.crt")

    def kubeconfig(self, user, server):
        """The text of a kubeconfig for a signed user; JSON is YAML too."""
        encoded = {name: base64.b64encode((self.folder / name).read_bytes()).decode() for name in ("ca.crt", f"{user}.crt", f"{user}.key")}
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority-data": encoded["ca.crt"]}}],
            "users": [{"name": user, "user": {"client-certificate-data": encoded[f"{user}.crt"], "client-key-data": encoded[f"{user}.key"]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}]}, indent=1)
