#include "kube/exec.hpp"

#include <doctest/doctest.h>

#include "kube/credentials.hpp"

using namespace rightslice;
using namespace rightslice::kube;

namespace {

ExecPlugin shell(const std::string& script) {
  ExecPlugin plugin;
  plugin.apiVersion = "client.authentication.k8s.io/v1";
  plugin.command = "sh";
  plugin.args = {"-c", script};
  plugin.env = {{"GREETING", "token-of-env"}};
  plugin.provideClusterInfo = true;
  return plugin;
}

std::string credential(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}";
}

Config config() {
  Config out;
  out.server = *parseUrl("https://10.0.0.1:6443");
  return out;
}

class FixedClock final : public host::Clock {
 public:
  Time now() const override { return time; }
  Time time = Time(std::chrono::seconds(1'800'000'000));  // 2027-01-15T08:00:00Z
};

}  // namespace

TEST_CASE("a plugin gets its environment and the cluster, and gives a token") {
  const auto given = runPlugin(shell("echo '" + credential(R"({"token":"'"$GREETING"'","expirationTimestamp":"2027-01-15T09:00:00Z"})") + "'"), config());
  REQUIRE_MESSAGE(given, (given ? "" : given.error().message));
  CHECK(given->token == "token-of-env");
  CHECK(given->expires == host::Clock::Time(std::chrono::seconds(1'800'003'600)));
  const auto told = runPlugin(shell("echo \"$KUBERNETES_EXEC_INFO\" >&2; exit 3"), config());
  REQUIRE(!told);
  CHECK(told.error().message.find(R"("cluster":{"server":"https://10.0.0.1:6443"},"interactive":false)") != std::string::npos);
}

TEST_CASE("what a plugin does wrong") {
  struct Row {
    const char *script, *message;
  };
  for (const Row& row : {Row{"echo nobody is logged in >&2; exit 1", "'sh' ended with status 1: nobody is logged in"}, Row{"kill -9 $$", "was killed by signal 9"},
                         Row{"sleep 60", "took longer than 1 s"}, Row{"exec >&- 2>&-; sleep 60", "took longer than 1 s"}, Row{"yes", "wrote more than 1 MiB"},
                         Row{"echo hello", "wrote no JSON"}, Row{"echo '{}'", "wrote no ExecCredential"}, Row{"cat", "wrote no JSON"}}) {
    CAPTURE(row.script);
    const auto given = runPlugin(shell(row.script), config(), std::chrono::seconds(1));
    REQUIRE(!given);
    CHECK_MESSAGE(given.error().message.find(row.message) != std::string::npos, given.error().message);
  }
  ExecPlugin absent = shell("");
  absent.command = "no-such-plugin-anywhere";
  absent.installHint = "install it from the internal shop";
  CHECK(runPlugin(absent, config()).error().message.find("cannot be started: No such file or directory; install it from the internal shop") != std::string::npos);
}

TEST_CASE("what a plugin may say") {
  const auto read = [](const std::string& status) { return readExecCredential(credential(status), shell("")); };
  CHECK(read(R"({"clientCertificateData":"C","clientKeyData":"K"})")->certificate == "C");
  CHECK(read("{}").error().message.find("gave neither a token nor a client certificate") != std::string::npos);
  CHECK(read(R"({"clientCertificateData":"C"})").error().message.find("without its key") != std::string::npos);
  CHECK(read(R"({"token":"t","expirationTimestamp":"soon"})").error().message.find("that is no time: 'soon'") != std::string::npos);
  CHECK(*read(R"({"token":"t","expirationTimestamp":"4052-01-01T00:00:00Z"})")->expires > host::Clock::Time(std::chrono::hours(24 * 365 * 200)));
  CHECK(*read(R"({"token":"t","expirationTimestamp":"0001-01-01T00:00:00Z"})")->expires == host::Clock::Time());
  ExecPlugin beta = shell("");
  beta.apiVersion = "client.authentication.k8s.io/v1beta1";
  CHECK(readExecCredential(credential(R"({"token":"t"})"), beta).error().message.find("speaks 'client.authentication.k8s.io/v1'") != std::string::npos);
}

TEST_CASE("a plugin is asked again when its word has expired, or the server refuses it") {
  FixedClock clock;
  Config with = config();
  with.exec = shell("echo '" + credential(R"({"token":"t-'$(date +%N)'","expirationTimestamp":"2027-01-15T08:01:00Z"})") + "'");
  Credentials credentials(with, clock);
  const auto first = credentials.headers();
  REQUIRE(first);
  CHECK(*credentials.headers() == *first);
  clock.time += std::chrono::seconds(55);
  CHECK(*credentials.headers() != *first);
  clock.time -= std::chrono::seconds(55);
  const auto second = credentials.headers();
  CHECK(*credentials.headers() == *second);
  credentials.refused();
  CHECK(*credentials.headers() != *second);
}
