// A cluster that follows one list of a scripted server, and what such a server says.
#pragma once
#include <doctest/doctest.h>

#include "kube/cluster.hpp"
#include "scripted_server.hpp"

namespace rightslice::kube::followed {

using scripted::eventually;
using scripted::Peer;
using scripted::Seen;

/// name -> value of spec.value; objects without one are not wanted.
using Values = Store<std::string>;

inline Values store() {
  return Values([](json::View object) -> std::optional<std::string> {
    if (const auto value = object["spec"]["value"].string()) return std::string(*value);
    return std::nullopt;
  });
}

inline std::string shown(const Values& values) {
  std::string out;
  values.each([&](const std::string& key, const std::string& value) { out += (out.empty() ? "" : " ") + key + "=" + value; });
  return out;
}

inline Pace quick() {
  Pace pace;
  pace.firstBackOff = std::chrono::milliseconds(5);
  pace.lastBackOff = std::chrono::milliseconds(40);
  pace.silence = std::chrono::milliseconds(5000);
  return pace;
}

inline std::string object(std::string_view name, std::string_view value, int version) {
  return fmt::format(R"({{"metadata":{{"namespace":"ns","name":"{}","resourceVersion":"{}"}},"spec":{{"value":"{}"}}}})", name, version, value);
}

inline std::string list(int version, std::string_view next, std::initializer_list<std::string> items) {
  std::string out = fmt::format(R"({{"kind":"ThingList","metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[)", version, next);
  bool first = true;
  for (const auto& each : items) {
    out += (first ? "" : ",") + each;
    first = false;
  }
  return out + "]}";
}

inline std::string event(std::string_view type, const std::string& what) { return fmt::format(R"({{"type":"{}","object":{}}})", type, what) + "\n"; }
inline std::string bookmark(int version) { return event("BOOKMARK", fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}}}})", version)); }
inline const std::string kGone = R"j({"kind":"Status","status":"Failure","message":"too old resource version: 1 (9)","reason":"Expired","code":410})j";

inline bool isWatch(const Seen& seen) { return seen.has("watch=1"); }

/// A cluster that follows one list of a scripted server.
struct Followed {
  explicit Followed(scripted::Server::Script script, Pace pace = quick(), Resource resource = {"example.io", "v1", "things", "", "", false, 2})
      : server(std::move(script)), values(store()) {
    ClusterOptions options;
    options.config.server = *parseUrl(server.url());
    options.pace = pace;
    options.onTrouble = [this](std::string_view, std::string_view message) {
      const std::lock_guard lock(mutex);
      troubles += std::string(message) + "\n";
    };
    options.onRestart = [this](std::string_view, std::string_view reason) {
      const std::lock_guard lock(mutex);
      restarts += std::string(reason) + " ";
    };
    options.onRecovery = [this](std::string_view) { ++recoveries; };
    options.onUnread = [this](std::string_view, std::string_view object, std::string_view) {
      const std::lock_guard lock(mutex);
      unreadable += std::string(object) + " ";
    };
    cluster = std::make_unique<Cluster>(std::move(options));
    cluster->follow(std::move(resource), values);
    cluster->start();
  }
  bool becomes(std::string_view text) {
    return eventually([&] { return shown(values) == text; });
  }
  WatchState state() const { return cluster->states().front(); }
  std::string told() {
    const std::lock_guard lock(mutex);
    return troubles;
  }
  std::string restarted() {
    const std::lock_guard lock(mutex);
    return restarts;
  }
  int recovered() const { return recoveries; }
  std::string unread() {
    const std::lock_guard lock(mutex);
    return unreadable;
  }

  std::mutex mutex;
  std::string troubles, restarts, unreadable;
  std::atomic<int> recoveries{0};
  scripted::Server server;
  Values values;
  std::unique_ptr<Cluster> cluster;  // ends first
};

}  // namespace rightslice::kube::followed
