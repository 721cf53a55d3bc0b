// What does not work right now, each told once.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "host/log.hpp"

namespace rightslice::app {

/// For one thread.
class Troubles {
 public:
  /// `topic` is how the lines of the log begin.
  Troubles(host::Log& log, std::string_view topic) : log_(log), topic_(topic) {}

  /// `told` false: kept, and not worth a line.
  void set(const std::string& about, const std::string& message, bool told = true) {
    std::string& before = now_[about];
    if (told && message != before) log_.write(host::Level::Warn, topic_, {{"error", std::string_view(message)}});
    before = message;
  }
  void clear(const std::string& about) { now_.erase(about); }
  void clear() { now_.clear(); }

  /// All of them, "; " between; empty: all is well.
  std::string text() const {
    std::string out;
    for (const auto& [about, message] : now_) out += (out.empty() ? "" : "; ") + message;
    return out;
  }

 private:
  host::Log& log_;
  std::string topic_;
  std::map<std::string, std::string> now_;
};

}  // namespace rightslice::app
