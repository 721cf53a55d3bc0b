// Folders and policies as tests write them.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "host/clock.hpp"

namespace rightslice::app::written {

/// A folder of its own, gone with its end.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / fmt::format("rightslice-app-{}-{}", getpid(), ++count())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path(std::string_view name = "") const { return (path_ / name).string(); }
  void write(std::string_view name, std::string_view text) const { std::ofstream(path_ / name) << text; }
  void remove(std::string_view name) const { std::filesystem::remove(path_ / name); }

 private:
  static int& count() {
    static int value = 0;
    return value;
  }
  std::filesystem::path path_;
};

inline std::string policy(std::string_view ns, std::string_view mode = "enforce", std::string_view more = "") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {{name: default, namespace: {}}}\nspec:\n  mode: {}\n{}---\n", ns,
                     mode, more);
}

inline std::string exception(std::string_view name, std::string_view expires) {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SliceException\nmetadata: {{name: {}, namespace: team-a}}\n"
                     "spec: {{kind: Deployment, name: chat, findings: [Oversized], owner: o, reason: r, expires: \"{}\"}}\n---\n",
                     name, expires);
}

/// A clock that tests set.
class Clock final : public host::Clock {
 public:
  Time now() const override { return time; }
  Time time{std::chrono::seconds(1'780'272'000)};  // 2026-06-01
};

}  // namespace rightslice::app::written
