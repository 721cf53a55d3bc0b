#include "app/certificate_plan.hpp"

#include "certificates.hpp"

using namespace certificates;
using What = CertificatePlan::What;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const tls::Time kNow = written::Clock().now();

CertificatePlan at(const SecretContents& contents, tls::Time now, bool oldMayGo = false) { return planCertificates(&contents, now, settings(), oldMayGo); }
SecretContents after(const SecretContents& contents, tls::Time now, const SecretContents* remembered = nullptr) {
  return carryOut(at(contents, now), &contents, remembered, now, settings()).value();
}

}  // namespace

TEST_CASE("the lifetimes are those that are set, from a little before now") {
  const SecretContents made = fresh(kNow);
  CHECK(made.serving->notAfter == kNow + hours(30));
  CHECK(made.authority->notAfter == kNow + hours(90));
  CHECK(made.serving->notBefore == kNow - minutes(5));
  CHECK(tls::issuedBy(*made.serving, *made.authority));
  CHECK(made.before.empty());
  CHECK(at(made, kNow).what == What::Nothing);
}

TEST_CASE("a certificate is renewed after two thirds of its life, of the same CA") {
  const SecretContents made = fresh(kNow);
  CHECK(at(made, kNow + hours(20)).what == What::Nothing);
  CHECK(at(made, kNow + hours(20) + seconds(1)).what == What::Serving);
  const SecretContents renewed = after(made, kNow + hours(21));
  CHECK(renewed.authorityPair == made.authorityPair);
  CHECK(renewed.servingPair.key != made.servingPair.key);
  CHECK(renewed.serving->notAfter == kNow + hours(51));
  CHECK(at(renewed, kNow + hours(21)).what == What::Nothing);
  CHECK(renewed.before.empty());
}

TEST_CASE("a CA is replaced after two thirds of its life, and is kept among those before") {
  SecretContents contents = fresh(kNow);
  const tls::Certificate old = *contents.authority;
  int serving = 0;
  tls::Time now = kNow;
  for (; at(contents, now).what != What::Authority; now += minutes(10)) {
    if (at(contents, now).what != What::Serving) continue;
    contents = after(contents, now);
    CHECK(contents.serving->notAfter <= contents.authority->notAfter);
    ++serving;
  }
  CHECK((now > kNow + hours(59) && now <= kNow + hours(61)));
  CHECK(serving >= 2);
  const SecretContents rotated = after(contents, now);
  CHECK(rotated.before == std::vector<tls::Certificate>{old});
  CHECK_FALSE(*rotated.authority == old);
  CHECK(tls::issuedBy(*rotated.serving, *rotated.authority));
  CHECK(at(rotated, now).what == What::Nothing);
}

TEST_CASE("CAs of before go when nothing of theirs is served, and are dropped when they expire") {
  SecretContents contents = fresh(kNow);
  contents.before = {*fresh(kNow).authority};
  CHECK(at(contents, kNow, false).what == What::Nothing);
  const auto plan = at(contents, kNow, true);
  REQUIRE(plan.what == What::Forget);
  const SecretContents made = carryOut(plan, &contents, &contents, kNow, settings()).value();
  CHECK(made.before.empty());
  CHECK((made.authorityPair == contents.authorityPair && made.servingPair == contents.servingPair));
  contents.before = {*fresh(kNow - hours(200)).authority};
  CHECK(after(contents, kNow + hours(21)).before.empty());
}

TEST_CASE("what is unusable is replaced: the certificate alone where the CA is whole, else both") {
  const SecretContents made = fresh(kNow);
  SecretContents broken = made;
  broken.serving.reset();
  broken.fault = "tls.crt is not signed by ca.crt";
  CHECK(at(broken, kNow).what == What::Serving);
  CHECK(at(broken, kNow).why == broken.fault);
  CHECK(after(broken, kNow).authorityPair == made.authorityPair);
  broken = made;
  broken.signs = false;
  CHECK(at(broken, kNow).what == What::Authority);
  CHECK(after(broken, kNow).before == std::vector<tls::Certificate>{*made.authority});   // what it signed is still served
  broken.authority.reset();
  CHECK(after(broken, kNow).before.empty());
  CHECK(after(broken, kNow, &made).before == std::vector<tls::Certificate>{*made.authority});   // as we remember
}

TEST_CASE("a Secret that is gone is made anew, with the CA that we remember among those before") {
  const SecretContents made = fresh(kNow);
  const auto plan = planCertificates(nullptr, kNow, settings(), true);
  CHECK(plan.what == What::Authority);
  const SecretContents again = carryOut(plan, nullptr, &made, kNow, settings()).value();
  CHECK(again.before == std::vector<tls::Certificate>{*made.authority});
  CHECK(again.authorityPair.key != made.authorityPair.key);
}

TEST_CASE("clocks that jump: what has expired, or is not valid yet, is replaced") {
  const SecretContents made = fresh(kNow);
  CHECK(at(made, kNow + hours(31)).what == What::Serving);
  CHECK(at(made, kNow + hours(1000)).what == What::Authority);
  CHECK(at(made, kNow - hours(1)).what == What::Authority);       // not valid before kNow - 5 min
  CHECK(at(made, kNow - minutes(4)).what == What::Nothing);
  const SecretContents later = after(made, kNow + hours(1000));
  CHECK(at(later, kNow + hours(1000)).what == What::Nothing);
}

TEST_CASE("other lifetimes count at once") {
  const SecretContents made = fresh(kNow);
  CertificateSettings changed = settings();
  changed.certLifetime = hours(12);
  CHECK(planCertificates(&made, kNow, changed, false).what == What::Serving);
  changed = settings();
  changed.certLifetime = hours(29);
  CHECK(planCertificates(&made, kNow + hours(1) - minutes(5), changed, false).what == What::Nothing);   // longer by minutes
  changed.caLifetime = hours(87);
  CHECK(planCertificates(&made, kNow, changed, false).what == What::Authority);
  changed = settings();
  changed.caLifetime = hours(900);   // of which less than a third is left
  CHECK(planCertificates(&made, kNow, changed, false).what == What::Authority);
}
