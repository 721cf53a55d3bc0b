#include <charconv>

#include <fmt/format.h>

#include "kube/config.hpp"

namespace rightslice::kube {
namespace {

bool isPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65536;
}

/// Letters, digits and what names and addresses have besides; so nothing that could end a header line.
bool isHost(std::string_view text, bool bracketed) {
  const std::string_view more = bracketed ? ":.%" : ".-_";
  if (text.empty()) return false;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && more.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool isPath(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == 0x7F || c == '?' || c == '#') return false;
  }
  return true;
}

}  // namespace

std::string Url::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", tls ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "", port, path);
}

Result<Url> parseUrl(std::string_view text) {
  const auto wrong = [&] { return fail(fmt::format("'{}' is no address such as https://10.0.0.1:6443", text)); };
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    url.tls = false;
  } else {
    return wrong();
  }
  const std::size_t slash = rest.find('/');
  std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string_view place = rest.substr(0, slash), port = url.tls ? "443" : "80";
  if (place.find('@') != std::string_view::npos) return fail("holds a user or a password, which belong under users");  // and not into a log
  const bool bracketed = place.starts_with('[');
  const std::size_t hostEnd = bracketed ? place.find(']') : place.find(':');
  if (bracketed && hostEnd == std::string_view::npos) return wrong();
  std::string_view host = place.substr(0, hostEnd);
  std::string_view tail = hostEnd == std::string_view::npos ? std::string_view() : place.substr(hostEnd);
  if (bracketed) {
    host.remove_prefix(1);
    tail.remove_prefix(1);
  }
  if (!tail.empty()) {
    if (!tail.starts_with(':')) return wrong();
    port = tail.substr(1);
  }
  if (!isHost(host, bracketed) || !isPort(port) || !isPath(path)) return wrong();
  url.host = host;
  url.port = port;
  url.path = path;
  return url;
}

}  // namespace rightslice::kube
