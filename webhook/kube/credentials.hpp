// Who we are to the API server, read again whenever it may have changed. For one thread.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/clock.hpp"
#include "kube/config.hpp"
#include "kube/exec.hpp"
#include "tls/context.hpp"

namespace rightslice::kube {

class Credentials {
 public:
  Credentials(Config config, const host::Clock& clock) : config_(std::move(config)), clock_(clock) {}

  const Config& config() const { return config_; }
  /// Authorization and impersonation for one call. A token's file is read each time: kubelet replaces it before it expires.
  Result<std::vector<std::pair<std::string, std::string>>> headers();
  /// For one connection. Files are read each time, the context is made anew where they changed.
  Result<tls::Context> context();
  /// The server said 401: a plugin is asked again.
  void refused() { given_.reset(); }

 private:
  Result<const ExecCredential*> given();

  Config config_;
  const host::Clock& clock_;
  std::optional<ExecCredential> given_;
  tls::ClientIdentity identity_;
  tls::Context context_;
};

}  // namespace rightslice::kube
