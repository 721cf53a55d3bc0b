#include "app/cluster_options.hpp"

#include <utility>

namespace rightslice::app {

kube::ClusterOptions clusterOptions(kube::Config config, ClusterTells tells, kube::Pace pace) {
  kube::ClusterOptions options;
  options.config = std::move(config);
  options.pace = pace;
  options.userAgent = "rightslice/" RIGHTSLICE_VERSION;
  options.onRestart = std::move(tells.onRestart);
  options.onTrouble = std::move(tells.onTrouble);
  options.onRecovery = std::move(tells.onRecovery);
  options.onUnread = std::move(tells.onUnread);
  return options;
}

}  // namespace rightslice::app
