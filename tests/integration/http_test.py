"""What a client of the webhook's port sees of HTTP."""

import json

import webhook


class Http(webhook.TestCase):
    def setUp(self):
        self.server = webhook.Server(self)

    def raw_request(self, body, extra="", path="/validate"):
        return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n").encode()

    def assert_error(self, answer, status, reason):
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.json()["reason"], reason)
        self.assertTrue(answer.json()["error"])
        self.assertNotIn("retry-after", answer.headers)

    def test_a_connection_is_kept_for_many_requests_even_after_errors(self):
        connection = self.server.connect()
        self.assertEqual(self.server.post("/validate", webhook.review(), connection).status, 200)
        sock = connection.sock
        self.assert_error(self.server.post("/nowhere", webhook.review(), connection), 404, "NotFound")
        self.assert_error(self.server.post("/validate", "{", connection), 400, "BadRequest")
        self.assert_error(self.server.post("/validate", "x", connection, "text/plain"), 415, "UnsupportedMediaType")
        self.assertEqual(self.server.post("/mutate", webhook.review(), connection).status, 200)
        self.assertIs(connection.sock, sock)
        connection.close()

    def test_the_query_takes_no_part_in_routing(self):
        self.assertEqual(self.server.post("/validate?timeout=10s", webhook.review()).status, 200)

    def test_a_review_without_time_left_is_a_500_of_its_own(self):
        self.assert_error(self.server.post("/validate?timeout=50ms", webhook.review()), 500, "DeadlineExceeded")
        self.assertEqual(self.server.metric('rightslice_review_errors_total{path="validate",reason="DeadlineExceeded"}'), 1)

    def test_pipelined_requests_are_answered_in_order(self):
        with self.server.raw() as sock, sock.makefile("rb") as stream:
            bodies = [json.dumps(webhook.review(uid=f"p-{number}")).encode() for number in range(5)]
            sock.sendall(b"".join(self.raw_request(body) + body for body in bodies))
            for number in range(5):
                self.assertEqual(webhook.read_raw(stream).response["uid"], f"p-{number}")

    def test_a_body_that_arrives_in_small_pieces_is_one_request(self):
        body = json.dumps(webhook.review(uid="slow")).encode()
        text = self.raw_request(body) + body
        with self.server.raw() as sock, sock.makefile("rb") as stream:
            for at in range(0, len(text), 97):
                sock.sendall(text[at : at + 97])
            self.assertEqual(webhook.read_raw(stream).response["uid"], "slow")

    def test_a_chunked_body_is_taken(self):
        body = json.dumps(webhook.review(uid="chunked")).encode()
        with self.server.raw() as sock, sock.makefile("rb") as stream:
            head = b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
            sock.sendall(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            self.assertEqual(webhook.read_raw(stream).response["uid"], "chunked")

    def test_seven_mebibytes_are_judged_and_nine_refused(self):
        large = webhook.review(uid="large")
        large["request"]["object"]["metadata"]["annotations"] = {"filler": "x" * (7 << 20)}
        self.assertEqual(self.server.post("/validate", large).response["uid"], "large")
        self.assert_error(self.server.post("/validate", b"x" * (9 << 20)), 413, "TooLarge")

    def test_a_chunked_body_over_the_limit_is_refused_too(self):
        with self.server.raw() as sock, sock.makefile("rb") as stream:
            sock.sendall(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
            for _ in range(9):
                sock.sendall(chunk)
            self.assert_error(webhook.read_raw(stream), 413, "TooLarge")

    def test_expect_100_continue_is_honoured_and_a_refusal_comes_at_once(self):
        body = json.dumps(webhook.review(uid="expected")).encode()
        with self.server.raw() as sock, sock.makefile("rb") as stream:
            sock.sendall(self.raw_request(body, "Expect: 100-continue\r\n"))
            self.assertEqual(webhook.read_raw(stream).status, 100)
            sock.sendall(body)
            self.assertEqual(webhook.read_raw(stream).response["uid"], "expected")
            sock.sendall(self.raw_request(body, "Expect: 100-continue\r\n", "/nowhere"))
            self.assert_error(webhook.read_raw(stream), 404, "NotFound")

    def test_methods_and_paths(self):
        connection = self.server.connect()
        connection.request("GET", "/validate")
        answer = webhook.read(connection)
        self.assert_error(answer, 405, "MethodNotAllowed")
        self.assertEqual(answer.headers["allow"], "POST")
        connection.request("HEAD", "/validate")
        answer = webhook.read(connection)
        self.assertEqual((answer.status, answer.body), (405, b""))
        connection.close()
        self.assertEqual(self.server.ops("/livez", "HEAD").status, 200)
        self.assertEqual(self.server.ops("/livez", "DELETE").headers["allow"], "GET, HEAD")

    def test_what_is_no_http_is_refused(self):
        with self.server.raw() as sock, sock.makefile("rb") as stream:
            sock.sendall(b"NOT HTTP\r\n\r\n")
            self.assert_error(webhook.read_raw(stream), 400, "BadRequest")
            self.assertEqual(stream.read(), b"")
        with self.server.raw() as sock, sock.makefile("rb") as stream:
            sock.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * (20 << 10) + b"\r\n\r\n")
            self.assert_error(webhook.read_raw(stream), 431, "HeaderTooLarge")

    def test_bodies_that_are_no_review(self):
        for body in ["", "null", "[]", "{}", '{"kind":"Pod"}', "[" * 100_000, b'{"a":"\xff"}', '{"a":1,"a":2}',
                     '{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{}}',
                     '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":7}}',
                     '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE"}}']:
            with self.subTest(body=body[:60]):
                self.assert_error(self.server.post("/validate", body), 400, "BadRequest")
