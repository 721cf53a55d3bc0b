#include "app/certificate_switch.hpp"

#include "certificates.hpp"

using namespace certificates;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

const tls::Time kNow = written::Clock().now();
// Known, called, all, others.
constexpr Trust kUnknown{}, kUncalled{true, false, true, false}, kOnlyOurs{true, true, true, false}, kBoth{true, true, true, true},
    kOthers{true, true, false, true}, kNobody{true, true, false, false};

struct Replica {
  CertificateSwitch chooser{1000ms};
  std::optional<SecretContents> served;

  /// True: it was taken.
  bool see(const SecretContents& offered, const Trust& trust, milliseconds uptime, tls::Time now = kNow) {
    CertificateSwitch::Offer offer{nullptr, nullptr, &*offered.serving, &*offered.authority, trust};
    if (served) {
      offer.serving = &*served->serving;
      offer.servingAuthority = &*served->authority;
    }
    const auto decision = chooser.decide(offer, now, uptime);
    CHECK((!decision.take || decision.waiting.empty()));
    if (decision.take) served = offered;
    return decision.take;
  }
};

}  // namespace

TEST_CASE("the first certificate is served when it is trusted, and at once where nobody else is") {
  const auto first = fresh(kNow);
  Replica replica;
  CHECK_FALSE(replica.see(first, kUnknown, 0ms));
  CHECK_FALSE(replica.see(first, kNobody, 0ms));
  CHECK_FALSE(replica.see(first, kOthers, 0ms));
  CHECK(replica.see(first, kOnlyOurs, 0ms));
  Replica uncalled;
  CHECK(uncalled.see(first, kUncalled, 0ms));
  Replica expired;
  CHECK_FALSE(expired.see(first, kOnlyOurs, 0ms, kNow + hours(31)));
}

TEST_CASE("a certificate of a new CA waits until the CA has been trusted for a while, without a break") {
  const auto first = fresh(kNow), second = fresh(kNow);
  Replica replica;
  REQUIRE(replica.see(first, kOnlyOurs, 0ms));
  CHECK_FALSE(replica.see(second, kOthers, 10'000ms));
  CHECK_FALSE(replica.see(second, kBoth, 20'000ms));
  CHECK_FALSE(replica.see(second, kBoth, 20'999ms));
  CHECK_FALSE(replica.see(second, kOthers, 21'000ms));   // somebody wrote the bundle
  CHECK_FALSE(replica.see(second, kBoth, 21'100ms));
  CHECK_FALSE(replica.see(second, kUnknown, 22'000ms));
  CHECK_FALSE(replica.see(second, kBoth, 22'500ms));
  CHECK(replica.chooser.trustedFor(23'000ms) == 500ms);
  CHECK(replica.see(second, kBoth, 23'500ms));
  CHECK(replica.chooser.trustedFor(30'000ms) == 7'500ms);
}

TEST_CASE("the time of one CA is not that of another") {
  const auto first = fresh(kNow), second = fresh(kNow), third = fresh(kNow);
  Replica replica;
  REQUIRE(replica.see(first, kOnlyOurs, 0ms));
  CHECK_FALSE(replica.see(second, kBoth, 1000ms));
  CHECK_FALSE(replica.see(third, kBoth, 2500ms));
  CHECK(replica.see(third, kBoth, 3500ms));
}

TEST_CASE("a renewal of the same CA is taken at once, also where the configurations cannot be read") {
  const auto first = fresh(kNow);
  const auto plan = planCertificates(&first, kNow + hours(21), settings(), false);
  const auto renewed = carryOut(plan, &first, nullptr, kNow + hours(21), settings()).value();
  Replica replica;
  REQUIRE(replica.see(first, kOnlyOurs, 0ms));
  CHECK(replica.see(renewed, kUnknown, 1ms, kNow + hours(21)));
}

TEST_CASE("one that has expired is exchanged for any that has not") {
  const auto first = fresh(kNow), second = fresh(kNow + hours(20));
  Replica replica;
  REQUIRE(replica.see(first, kOnlyOurs, 0ms));
  CHECK_FALSE(replica.see(second, kOthers, 1ms, kNow + hours(29)));
  CHECK(replica.see(second, kOthers, 2ms, kNow + hours(30)));
}
