// Runs a credential plugin (client.authentication.k8s.io) and reads what it says.
#pragma once
#include <optional>

#include "host/clock.hpp"
#include "kube/config.hpp"

namespace rightslice::kube {

struct ExecCredential {
  std::string token, certificate, key;            ///< a token, or certificate and key, or both
  std::optional<host::Clock::Time> expires;
};

/// Blocks until the plugin ends; one that takes longer than `limit` is killed. No shell: the command gets its arguments as they
/// are, no input, and a description of the cluster in KUBERNETES_EXEC_INFO. Errors quote the end of what it wrote to stderr, never
/// what it wrote to stdout. Source of the protocol: k8s.io/client-go, plugin/pkg/client/auth/exec.
Result<ExecCredential> runPlugin(const ExecPlugin& plugin, const Config& config, std::chrono::seconds limit = std::chrono::seconds(30));

/// The plugin's output, without running it.
Result<ExecCredential> readExecCredential(std::string_view text, const ExecPlugin& plugin);

}  // namespace rightslice::kube
