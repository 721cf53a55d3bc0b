"""A kube-apiserver that holds nothing but what a test gives it: other lists are empty, every watch is silent, and what is written is accepted.
Over plain HTTP."""

import http.server
import json
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.server.seen.append(("GET", path))
        if self.server.stuck("GET", path):
            self.server.over.wait()
            self.close_connection = True
            return
        if "watch=1" in query:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.server.over.wait()
            self.close_connection = True
        elif path in self.server.served:
            self.reply(200, {"kind": "APIResourceList", "resources": [{"name": name} for name in self.server.served[path]]})
        elif "/leases/" in path or "limit=" not in query:  # an object, or what a group has
            self.reply(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "message": "not found"})
        else:
            self.reply(200, {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": self.server.lists.get(path.rsplit("/", 1)[-1], [])})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.command, self.path))
        if self.server.stuck(self.command, self.path):
            self.server.over.wait()
            self.close_connection = True
            return
        self.server.written.append(body)
        body.get("metadata", {}).setdefault("resourceVersion", "1")
        self.reply(201, body)

    do_PATCH = do_POST


class ApiServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, case):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.written = [], []
        self.lists = {}  # of a resource: its objects
        self.served = {}  # of a group and version: resources that a cluster may lack
        self.stuck = lambda method, path: False  # such a call is never answered
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        case.addCleanup(self.end)

    @property
    def port(self):
        return self.server_address[1]

    def end(self):
        self.over.set()
        self.shutdown()
        self.server_close()

    def kubeconfig(self, path, host="localhost"):
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": f"http://{host}:{self.port}"}}],
            "users": [{"name": "me", "user": {"token": "a-token"}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", "namespace": "rightslice"}}]}))
        return path
