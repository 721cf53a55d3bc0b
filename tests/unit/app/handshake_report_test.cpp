#include "app/handshake_report.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

using namespace rightslice;
using namespace rightslice::app;
using Fault = tls::HandshakeFault;
using std::chrono::seconds;

TEST_CASE("each failed handshake is counted by its reason, and some of each reason are told") {
  std::ostringstream out;
  host::Log log(host::Level::Info, out);
  host::Metrics metrics;
  HandshakeReport report(metrics, log);
  const auto series = [&](std::string_view reason, int count) {
    return metrics.text().find("rightslice_tls_handshake_errors_total{reason=\"" + std::string(reason) + "\"} " + std::to_string(count) + "\n") != std::string::npos;
  };
  for (const auto& row : tls::kHandshakeFaults) CHECK(series(row.name, 0));
  HandshakeReport::Time now{};
  for (int i = 0; i < 20; ++i) report.tell("10.0.0.1", {Fault::Garbage, "wrong version number"}, now);
  report.tell("10.0.0.2", {Fault::NoCertificate, "peer did not return a certificate"}, now);
  CHECK(series("garbage", 20));
  CHECK(series("no-certificate", 1));
  std::string text = out.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 6);   // five of what anybody can send, and the one behind them
  CHECK(text.find(R"("level":"warn","msg":"a TLS handshake failed","peer":"10.0.0.2","reason":"no-certificate",)") != std::string::npos);
  CHECK(text.find(R"("detail":"peer did not return a certificate","notTold":0})") != std::string::npos);

  out.str("");
  report.tell("10.0.0.1", {Fault::Garbage, ""}, now + seconds(61));
  CHECK(out.str().find("\"notTold\":15}") != std::string::npos);
  out.str("");
  report.tell("10.0.0.1", {Fault::Closed, "End of file"}, now);
  CHECK(out.str().find(R"("level":"info")") != std::string::npos);
}
