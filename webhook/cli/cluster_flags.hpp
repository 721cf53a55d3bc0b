// The flags that say which cluster, for every command that asks one.
#pragma once
#include <string>

#include "base/error.hpp"
#include "cli/flags.hpp"
#include "kube/config.hpp"

namespace rightslice::cli {

struct ClusterFlags {
  std::string kubeconfig, context;

  void declare(Flags& flags);
  bool given() const { return !kubeconfig.empty() || !context.empty(); }
  /// As kubectl would choose.
  Result<kube::Config> choose() const;
};

}  // namespace rightslice::cli
