#include "app/health.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "app/readiness_log.hpp"
#include "json/document.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

struct Instance {
  written::Clock clock;
  std::shared_ptr<const PolicyState> state;
  CertificateReport certificate{clock.now() + hours(24)};
  bool responsive = true;
  Health health{{[this] { return state; }, [this] { return certificate; }, [this] { return responsive; }, seconds(60), "cafe"}, clock};

  void load() {
    PolicyState made;
    made.digest = "beef";
    made.policies = 2;
    made.loaded = made.lastRead = clock.now();
    state = std::make_shared<const PolicyState>(made);
  }
  std::string reasons() const { return json::Document::parse(health.readyz().body).value().root()["reasons"].text(); }
};

}  // namespace

TEST_CASE("it is ready with policies that were read lately and a certificate that holds") {
  Instance instance;
  instance.load();
  const auto response = instance.health.readyz();
  CHECK(response.status == 200);
  CHECK(instance.health.standing().readiness == Readiness::Ready);
  const auto document = json::Document::parse(response.body).value();
  CHECK(document.root()["ready"].boolean() == true);
  CHECK(document.root()["policies"]["digest"].stringOr("") == "beef");
  CHECK(document.root()["policies"]["count"].integer() == 2);
  CHECK(document.root()["catalogue"]["digest"].stringOr("") == "cafe");
  CHECK(document.root()["certificate"]["expires"].stringOr("") == "2026-06-02T00:00:00Z");
}

TEST_CASE("each reason not to be ready is told") {
  Instance instance;
  CHECK(instance.health.readyz().status == 503);
  CHECK(instance.reasons() == R"(["no policies are loaded yet"])");
  instance.load();
  instance.clock.time += seconds(60);
  CHECK(instance.health.readyz().status == 200);
  instance.clock.time += seconds(1);
  CHECK(instance.health.readyz().status == 503);
  CHECK(instance.reasons() == R"(["the policies could not be read for 61 s, more than --max-policy-age 60 s"])");
  instance.load();
  instance.certificate.expires = instance.clock.now();
  CHECK(instance.reasons() == R"(["the serving certificate has expired"])");
  CHECK(instance.health.standing().readiness != Readiness::Ready);
  instance.health.startDraining();
  CHECK(instance.reasons() == R"(["shutting down","the serving certificate has expired"])");
}

TEST_CASE("without a certificate it is not ready, and says what it waits for") {
  Instance instance;
  instance.load();
  instance.certificate = {std::nullopt, "there is no Secret yet", "Secret a/b cannot be written: HTTP 403: forbidden"};
  CHECK(instance.reasons() == R"(["no serving certificate yet: there is no Secret yet; Secret a/b cannot be written: HTTP 403: forbidden"])");
  instance.certificate = {instance.clock.now() + hours(1), "", "Secret a/b cannot be written"};
  const auto document = json::Document::parse(instance.health.readyz().body).value();
  CHECK(document.root()["ready"].boolean() == true);   // what is in use goes on
  CHECK(document.root()["certificate"]["trouble"].stringOr("") == "Secret a/b cannot be written");
}

TEST_CASE("it lives as long as its event loops turn, whatever readiness says") {
  Instance instance;
  CHECK(instance.health.livez().status == 200);
  instance.responsive = false;
  CHECK(instance.health.livez().status == 503);
}

TEST_CASE("with a cluster it is ready when all of it was read, and not when its word is too old") {
  Instance instance;
  instance.load();
  std::vector<WatchReport> watches{{"slicepolicies.rightslice.io", "HTTP 403: forbidden", "refused", seconds(90), false, false},
                                   {"nodes", "", "synced", seconds(61), true, true},
                                   {"pods", "connect: Connection refused", "synced", seconds(900), true, false}};
  HealthInputs inputs{[&] { return instance.state; }, [&] { return instance.certificate; }, [] { return true; }, seconds(60), "cafe", "in-cluster", [&] { return watches; }};
  const Health health(inputs, instance.clock);
  auto response = health.readyz();
  CHECK(response.status == 503);
  CHECK(health.standing().readiness != Readiness::Ready);
  const auto document = json::Document::parse(response.body).value();
  CHECK(document.root()["reasons"].text() ==
        R"(["slicepolicies.rightslice.io is not read yet: HTTP 403: forbidden",)"
        R"("no word from the API server about nodes for 61 s, more than --max-policy-age 60 s"])");
  CHECK(document.root()["cluster"].text() ==
        R"({"source":"in-cluster","watches":[{"resource":"slicepolicies.rightslice.io","phase":"refused","ageSeconds":90,"trouble":"HTTP 403: forbidden"},)"
        R"({"resource":"nodes","phase":"synced","ageSeconds":61},{"resource":"pods","phase":"synced","ageSeconds":900,"trouble":"connect: Connection refused"}]})");
  watches.erase(watches.begin(), watches.begin() + 2);
  watches[0].unread = 2;   // one tenant's objects make nothing unready
  response = health.readyz();
  CHECK(response.status == 200);
  CHECK(response.body.find(R"("ageSeconds":900,"unread":2,"trouble")") != std::string::npos);
}

TEST_CASE("with a cluster it is ready when what runs there is counted") {
  Instance instance;
  instance.load();
  bool counted = false;
  HealthInputs inputs{[&] { return instance.state; }, [&] { return instance.certificate; }, [] { return true; }, seconds(60), "cafe", "in-cluster", {}, [&] { return counted; }};
  const Health health(std::move(inputs), instance.clock);
  CHECK(health.readyz().status == 503);
  CHECK(health.readyz().body.find("what runs in the cluster is not counted yet") != std::string::npos);
  counted = true;
  CHECK(health.readyz().status == 200);
}

TEST_CASE("what hangs on the program beside reviews tells how it is, and makes nothing unready") {
  Instance instance;
  instance.load();
  HealthInputs inputs{[&] { return instance.state; }, [&] { return instance.certificate; }, [] { return true; }, seconds(60), "cafe"};
  inputs.part = "audit";
  inputs.partReport = [] { return std::string(R"({"leads":true,"trouble":"the API server is away"})"); };
  const auto answer = Health(std::move(inputs), instance.clock).readyz();
  CHECK(answer.status == 200);
  const auto document = json::Document::parse(answer.body);
  CHECK(document->root()["audit"]["trouble"].string() == "the API server is away");
}

TEST_CASE("what every start waits for is told apart from what is wrong, and the log has a line for each change") {
  std::ostringstream out;
  host::Log log(host::Level::Info, out);
  ReadinessLog told(log);
  const auto line = [&](const Standing& standing) {
    out.str("");
    told.tell(standing);
    const std::string text = out.str();
    return text.empty() ? text : text.substr(text.find("\"level\""));
  };
  Instance instance;
  CHECK(instance.health.standing().readiness == Readiness::Starting);
  CHECK(line(instance.health.standing()) == "\"level\":\"info\",\"msg\":\"not ready yet\",\"reasons\":\"no policies are loaded yet\"}\n");
  CHECK(line(instance.health.standing()).empty());
  instance.load();
  CHECK(line(instance.health.standing()) == "\"level\":\"info\",\"msg\":\"ready\"}\n");
  CHECK(line(instance.health.standing()).empty());
  instance.certificate.expires = instance.clock.now();
  CHECK(instance.health.standing().readiness == Readiness::Unready);
  CHECK(line(instance.health.standing()) == "\"level\":\"warn\",\"msg\":\"not ready\",\"reasons\":\"the serving certificate has expired\"}\n");
  instance.clock.time += seconds(1);
  CHECK(line(instance.health.standing()).empty());
  instance.certificate.expires = instance.clock.now() + hours(1);
  CHECK(line(instance.health.standing()).find("\"ready\"") != std::string::npos);
  instance.state = nullptr;   // not at a start any more
  CHECK(line(instance.health.standing()).find("\"level\":\"warn\"") == 0);
}
