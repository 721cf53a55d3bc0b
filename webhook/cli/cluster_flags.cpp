#include "cli/cluster_flags.hpp"

#include "cli/parser.hpp"

namespace rightslice::cli {

void ClusterFlags::declare(Flags& flags) {
  Flag& file = flags.text(kubeconfig, "--kubeconfig", "FILE", "Where the cluster is, and who asks.");
  file.defaultText = "as kubectl: the files of KUBECONFIG, ~/.kube/config, or the pod's service account";
  file.group = "cluster";
  Flag& chosen = flags.text(context, "--context", "NAME", "The context of the kubeconfig.");
  chosen.defaultText = "its current one";
  chosen.group = "cluster";
}

Result<kube::Config> ClusterFlags::choose() const {
  const auto environment = processEnvironment();
  return kube::chooseConfig(kubeconfig, context, [&](const char* name) { return environment(name).value_or(""); });
}

}  // namespace rightslice::cli
