#include "app/health.hpp"

#include <doctest/doctest.h>

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
  host::Clock::Time expiry = clock.now() + hours(24);
  bool responsive = true;
  Health health{{[this] { return state; }, [this] { return expiry; }, [this] { return responsive; }, seconds(60), "cafe"}, clock};

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
  instance.expiry = instance.clock.now();
  CHECK(instance.reasons() == R"(["the serving certificate has expired"])");
  instance.health.startDraining();
  CHECK(instance.reasons() == R"(["shutting down","the serving certificate has expired"])");
}

TEST_CASE("it lives as long as its event loops turn, whatever readiness says") {
  Instance instance;
  CHECK(instance.health.livez().status == 200);
  instance.responsive = false;
  CHECK(instance.health.livez().status == 503);
}
