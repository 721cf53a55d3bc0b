"""A steady stream of Deployments that are created, and what became of each."""
import threading
import time

from scenario import deployment, slice_name

ASKED, WRITTEN = slice_name("3g.40gb"), slice_name("1g.10gb")


class Stream:
    """Creates Deployments that are to be rewritten, until stopped. A refused request, or one that was stored as it was written because the
    webhook was not reached, counts as failed."""

    def __init__(self, cluster, namespace, prefix, threads=3, pause=0.02):
        self.path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        self.prefix, self.pause = prefix, pause
        self.created, self.failures = 0, []
        self.slowest = 0.0
        self._lock = threading.Lock()
        self._halt = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number, cluster.api.another())) for number in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._halt.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number, api):
        count = 0
        while not self._halt.wait(self.pause):
            count += 1
            each = deployment(f"{self.prefix}-{number}-{count}", "3g.40gb")
            each["spec"]["paused"] = True   # stored, and no ReplicaSet is made of it
            began = time.monotonic()
            try:
                status, stored = api.post(self.path, each)
                failure = None if status == 201 else f"{status}: {stored.get('message')}"
                if not failure:
                    limits = stored["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
                    failure = None if limits == {WRITTEN: "1"} else f"not rewritten: {limits}"
            except Exception as error:  # every kind of failure counts
                failure = repr(error)
            with self._lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                if failure:
                    self.failures.append(failure)
                else:
                    self.created += 1
