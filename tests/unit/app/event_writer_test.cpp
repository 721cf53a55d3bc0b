#include "app/event_writer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "../kube/scripted_server.hpp"
#include "json/document.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;
using scripted::eventually;
using std::chrono::milliseconds;

namespace {

admission::Event denied(const std::string& name = "chat", const std::string& ns = "team-a") {
  admission::Event out;
  out.reason = admission::EventReason::Denied;
  out.apiVersion = "apps/v1";
  out.kind = "Deployment";
  out.ns = ns;
  out.name = name;
  out.action = "Create";
  out.note = "Undersized: container c: no";
  return out;
}

/// Answers what the test says, and keeps what was asked.
struct Written {
  std::mutex mutex;
  std::vector<kube::Request> seen;
  std::function<int(const kube::Request&)> answer = [](const kube::Request&) { return 201; };

  written::Clock clock;
  host::Metrics metrics;
  std::ostringstream lines;
  host::Log log{host::Level::Info, lines};
  std::unique_ptr<EventWriter> writer;

  explicit Written(EventWriter::Options options = quick()) {
    writer = std::make_unique<EventWriter>(
        [this](kube::Request request) -> Result<kube::Answer> {
          const std::lock_guard lock(mutex);
          seen.push_back(request);
          const int status = answer(request);
          if (status == 0) return fail("no connection");
          return kube::Answer{status, R"({"message":"said no"})"};
        },
        std::move(options), metrics, log, clock);
  }
  static EventWriter::Options quick() {
    EventWriter::Options options;
    options.instance = "rightslice-0";
    options.firstBackOff = milliseconds(1);
    options.limits.firstCount = milliseconds(20);
    return options;
  }
  std::vector<kube::Request> asked(std::string_view method = "") {
    const std::lock_guard lock(mutex);
    std::vector<kube::Request> out;
    for (const auto& each : seen)
      if (method.empty() || each.method == method) out.push_back(each);
    return out;
  }
  bool counted(std::string_view outcome, int count) const {
    return metrics.text().find(fmt::format("rightslice_events_total{{outcome=\"{}\"}} {}\n", outcome, count)) != std::string::npos;
  }
};

json::Document bodyOf(const kube::Request& request) { return json::Document::parse(request.body).value(); }

}  // namespace

TEST_CASE("an event is created in the object's namespace, with what the API server asks for") {
  Written test;
  test.writer->start();
  test.writer->tell(denied());
  REQUIRE(eventually([&] { return test.counted("created", 1); }));
  const auto request = test.asked().front();
  CHECK(request.method == "POST");
  CHECK(request.path == "/apis/events.k8s.io/v1/namespaces/team-a/events");
  const auto body = bodyOf(request);
  const auto event = body.root();
  CHECK(event["metadata"]["name"].stringOr("").starts_with("chat."));
  CHECK(event["eventTime"].stringOr("") == "2026-06-01T00:00:00.000000Z");
  CHECK(event["reportingController"].stringOr("") == "rightslice.io/webhook");
  CHECK(event["reportingInstance"].stringOr("") == "rightslice-0");
  CHECK(event["action"].stringOr("") == "Create");
  CHECK(event["reason"].stringOr("") == "Denied");
  CHECK(event["type"].stringOr("") == "Warning");
  CHECK(event["note"].stringOr("") == "Undersized: container c: no");
  CHECK(event["regarding"]["name"].stringOr("") == "chat");
  CHECK(event["regarding"]["namespace"].stringOr("") == "team-a");
  CHECK_FALSE(event["regarding"]["uid"].exists());
  CHECK_FALSE(event["series"].exists());
}

TEST_CASE("an API server that is slow is not waited for as long as it likes") {
  Written written;
  written.writer->start();
  written.writer->tell(denied());
  CHECK(eventually([&] { return written.asked("POST").size() == 1; }));
  CHECK(written.asked("POST").front().patience == milliseconds(5'000));
}

TEST_CASE("the same again is a series, whose count is patched") {
  Written test;
  test.writer->start();
  for (int i = 0; i < 5; ++i) test.writer->tell(denied());
  test.writer->tell(denied("other"));
  REQUIRE(eventually([&] { return !test.asked("PATCH").empty(); }));
  CHECK(test.asked("POST").size() == 2);
  const auto created = bodyOf(test.asked("POST").front());
  const auto patch = test.asked("PATCH").front();
  CHECK(patch.path == "/apis/events.k8s.io/v1/namespaces/team-a/events/" + std::string(created.root()["metadata"]["name"].stringOr("")));
  CHECK(patch.contentType == "application/merge-patch+json");
  CHECK(bodyOf(patch).root()["series"]["count"].integer() == 5);
  CHECK(bodyOf(patch).root()["series"]["lastObservedTime"].stringOr("") == "2026-06-01T00:00:00.000000Z");
  CHECK(test.counted("counted", 4));
  CHECK(eventually([&] { return test.counted("updated", 1); }));
}

TEST_CASE("a series that somebody deleted begins anew") {
  Written test;
  test.answer = [](const kube::Request& request) { return request.method == "PATCH" ? 404 : 201; };
  test.writer->start();
  test.writer->tell(denied());
  test.writer->tell(denied());
  REQUIRE(eventually([&] { return test.counted("failed", 1); }));
  test.writer->tell(denied());
  CHECK(eventually([&] { return test.counted("created", 2); }));
}

TEST_CASE("a refusal is logged once and holds up nothing; what may go well later is tried again, so often") {
  Written forbidden;
  forbidden.answer = [](const kube::Request&) { return 403; };
  forbidden.writer->start();
  for (int i = 0; i < 3; ++i) forbidden.writer->tell(denied(std::to_string(i)));
  REQUIRE(eventually([&] { return forbidden.counted("failed", 3); }));
  CHECK(forbidden.asked().size() == 3);
  const std::string lines = forbidden.lines.str();
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 1);
  CHECK(lines.find("HTTP 403: said no") != std::string::npos);

  for (const int status : {0, 429, 503}) {
    CAPTURE(status);
    Written later;
    int calls = 0;
    later.answer = [&](const kube::Request&) { return ++calls < 4 ? status : 201; };
    later.writer->start();
    later.writer->tell(denied());
    CHECK(eventually([&] { return later.counted("created", 1); }));
    CHECK(later.lines.str().empty());
    Written never;
    never.answer = [status](const kube::Request&) { return status; };
    never.writer->start();
    never.writer->tell(denied());
    CHECK(eventually([&] { return never.counted("failed", 1); }));
    CHECK(never.asked().size() == 5);
  }
}

TEST_CASE("what does not fit into the queue is dropped at once, and its end waits for nobody") {
  auto options = Written::quick();
  options.mostQueued = 2;
  options.firstBackOff = std::chrono::hours(1);
  Written test(options);
  test.answer = [](const kube::Request&) { return 0; };
  test.writer->start();
  test.writer->tell(denied("0"));
  REQUIRE(eventually([&] { return test.asked().size() == 1; }));  // it waits for an hour now
  for (int i = 1; i < 6; ++i) test.writer->tell(denied(std::to_string(i)));
  CHECK(test.counted("dropped", 3));
  test.writer->stop();
  CHECK(test.counted("dropped", 5));
  test.writer->tell(denied("late"));
  CHECK(test.counted("dropped", 6));
}

TEST_CASE("a flood in one namespace leaves room for another") {
  Written test;
  test.writer->start();
  for (int i = 0; i < 200; ++i) test.writer->tell(denied(std::to_string(i)));
  test.writer->tell(denied("quiet", "team-b"));
  REQUIRE(eventually([&] { return test.counted("created", 26); }));
  CHECK(test.asked().back().path == "/apis/events.k8s.io/v1/namespaces/team-b/events");
}

TEST_CASE("an object without a namespace is told in default") {
  Written test;
  test.writer->start();
  test.writer->tell(denied("platform", ""));
  REQUIRE(eventually([&] { return test.counted("created", 1); }));
  CHECK(test.asked().front().path == "/apis/events.k8s.io/v1/namespaces/default/events");
  CHECK_FALSE(bodyOf(test.asked().front()).root()["regarding"]["namespace"].exists());
}

TEST_CASE("every name of an object gives the name of an event") {
  CHECK(eventId("chat", "18f0") == "chat.18f0");
  CHECK(eventId("chat-", "18f0") == "chat.18f0");
  CHECK(eventId("a.b-c", "1") == "a.b-c.1");
  CHECK(eventId("", "1") == "object.1");
  CHECK(eventId("..--", "1") == "object.1");
  CHECK(eventId("Größe:X", "1").find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos);
  CHECK(eventId(std::string(300, 'a'), "18f0").size() == 253);
  CHECK(eventId("a-.-b", "1") == "a.b.1");
}
