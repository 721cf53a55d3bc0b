// kubeconfigs, addresses of API servers, and what credential plugins say.
#include <cstdint>
#include <string>

#include "harness.hpp"
#include "kube/config.hpp"
#include "kube/exec.hpp"

using namespace rightslice;
using namespace rightslice::kube;
using fuzz::require;

namespace {

bool breaksLine(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

void checkUrl(const Url& url) {
  require(!url.host.empty() && url.host.find_first_of("/@[] ") == std::string::npos && !breaksLine(url.host), "a host is a host", url.host);
  const int port = std::stoi(url.port);
  require(port >= 1 && port <= 65'535 && url.port.size() <= 5, "a port is a port", url.port);
  require(!url.path.ends_with('/') && !breaksLine(url.path) && url.path.find_first_of(" ?#") == std::string::npos, "a path is a path", url.path);
  const auto again = parseUrl(url.text());
  require(again && again->text() == url.text() && again->host == url.host && again->port == url.port && again->path == url.path && again->tls == url.tls,
          "an address printed reads as the same", url.text());
}

void checkConfig(const Config& config) {
  checkUrl(config.server);
  require(!breaksLine(config.username) && !breaksLine(config.token.text), "a credential breaks no header");
  for (const auto& [name, value] : config.impersonate) require(!breaksLine(name) && !breaksLine(value) && !name.empty(), "a header is one line", name);
  require(!config.exec || !config.exec->command.empty(), "a plugin has a command");
  require(!config.ns.empty(), "there is a namespace");
}

}  // namespace

void fuzz::run(std::string_view input) {
  if (const auto url = parseUrl(input)) checkUrl(*url);
  const auto config = readKubeconfig(input, "/etc/kube/config");
  if (config) checkConfig(*config);
  else require(!config.error().message.empty() && config.error().where.starts_with("/etc/kube/config"), "an error names the file", config.error().where);
  const auto merged = readKubeconfigs({{"/etc/kube/a", std::string(input)}, {"/etc/kube/b", std::string(input)}});
  require(merged.has_value() == config.has_value(), "the same file twice says the same");
  const auto credential = readExecCredential(input, ExecPlugin{"client.authentication.k8s.io/v1", "plugin", {}, {}, "", false});
  if (credential) {
    require(!credential->token.empty() || !credential->certificate.empty(), "a credential holds something");
    require(!breaksLine(credential->token), "a token breaks no header");
  }
}
