// How every part of the program connects to a server: under which name, and whom it tells of trouble.
#pragma once
#include <functional>
#include <string_view>

#include "kube/cluster.hpp"

namespace rightslice::app {

/// What happens to a connection that is followed (kube::ClusterOptions).
struct ClusterTells {
  std::function<void(std::string_view resource, std::string_view reason)> onRestart;
  std::function<void(std::string_view resource, std::string_view message)> onTrouble;
  std::function<void(std::string_view resource)> onRecovery;
  std::function<void(std::string_view resource, std::string_view object, std::string_view reason)> onUnread;
};

kube::ClusterOptions clusterOptions(kube::Config config, ClusterTells tells = {}, kube::Pace pace = {});

}  // namespace rightslice::app
