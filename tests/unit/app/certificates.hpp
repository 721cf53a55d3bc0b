// What the tests of self-managed certificates share.
#pragma once
#include <doctest/doctest.h>

#include "app/certificate_plan.hpp"
#include "json/document.hpp"
#include "written.hpp"

namespace certificates {

using namespace rightslice;
using namespace rightslice::app;
using std::chrono::hours;

inline CertificateSettings settings() {
  CertificateSettings out;
  out.secret = {"ns", "secret"};
  out.service = {"ns", "service"};
  out.configurations = {"hooks"};
  out.certLifetime = hours(30);
  out.caLifetime = hours(90);
  return out;
}

/// What an empty Secret becomes.
inline SecretContents fresh(tls::Time now, const CertificateSettings& given = settings()) {
  const auto plan = planCertificates(nullptr, now, given, false);
  REQUIRE(plan.what == CertificatePlan::What::Authority);
  return carryOut(plan, nullptr, nullptr, now, given).value();
}

/// The Secret as the API server would show it.
inline SecretObject stored(const SecretContents& contents, const std::string& version = "7") {
  const auto document = json::Document::parse(secretText(settings(), contents, "")).value();
  SecretObject out = readSecretObject(document.root());
  out.version = version;
  return out;
}

}  // namespace certificates
