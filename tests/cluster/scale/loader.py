"""Many requests to the API server, over several connections at once; no client-side limit."""
import concurrent.futures
import json
import threading

from api import Api

CONNECTIONS = 8
PATHS = {"Namespace": "/api/v1/namespaces", "Pod": "/api/v1/namespaces/{}/pods", "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
         "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets", "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
         "Job": "/apis/batch/v1/namespaces/{}/jobs", "Node": "/api/v1/nodes", "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
         "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
         "SlicePolicy": "/apis/rightslice.io/v1alpha1/namespaces/{}/slicepolicies", "ClusterSlicePolicy": "/apis/rightslice.io/v1alpha1/clusterslicepolicies"}


def path_of(each):
    return PATHS[each["kind"]].format(each["metadata"].get("namespace", ""))


class Loader:
    def __init__(self, control_plane):
        self.control_plane = control_plane
        self.own = threading.local()

    def api(self):
        if not hasattr(self.own, "api"):
            self.own.api = Api(self.control_plane)
        return self.own.api

    def each(self, call, items):
        """call(api, item) of all, in order."""
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            return list(pool.map(lambda item: call(self.api(), item), items))

    def create(self, objects, there=False):
        """What came back, in order. `there`: one that is there already is good too."""
        def one(api, each):
            status, answer = api.post(path_of(each), each)
            if status != 201 and not (there and status == 409):
                raise RuntimeError(f"{each['kind']} {each['metadata']}: HTTP {status}: {answer.get('message')}")
            return answer
        return self.each(one, objects)

    def create_with_status(self, pairs):
        """Objects, each with the status that its controller would give it."""
        def one(api, pair):
            each, told = pair
            status, answer = api.post(path_of(each), each)
            if status == 201:
                status, answer = api.patch(f"{path_of(each)}/{each['metadata']['name']}/status", {"status": told})
            if status != 200:
                raise RuntimeError(f"{each['kind']} {each['metadata']}: HTTP {status}: {answer.get('message')}")
        self.each(one, pairs)

    def dry_run(self, objects):
        """For each: HTTP status, warnings, and what would be stored, or the Status."""
        def one(api, each):
            status, headers, text = api.request("POST", path_of(each) + "?dryRun=All", json.dumps(each))
            return status, [value for name, value in headers if name.lower() == "warning"], json.loads(text)
        return self.each(one, objects)
