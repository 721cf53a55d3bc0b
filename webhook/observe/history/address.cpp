#include "observe/history/address.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace rightslice::observe::history {
namespace {

constexpr std::string_view kPostgres[] = {"postgresql://", "postgres://"};

Error unclear() {
  return {"the URL is not clear: write ':', '/', '@', '?', '#' and '%' in a user, a password or a parameter as %3A, %2F, %40, %3F, %23 and %25", {}};
}

/// "[::1]:5432", "db-1:5432", "db-2".
bool isHost(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    text = text.substr(end + 1);
    if (!text.empty() && text.front() != ':') return false;
  }
  const std::size_t colon = text.find(':');
  return colon == std::string_view::npos || text.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

/// "host:5432/name" of what stands behind the scheme; nothing where a password may lie where nobody looks for it. libpq takes what is behind the
/// first '@' for a host, whatever it is, and says it again in its errors.
std::optional<std::string> shownOf(std::string_view rest) {
  const std::size_t at = rest.find('@');
  if (std::count(rest.begin(), rest.end(), '@') > 1 || (at != std::string_view::npos && rest.find_first_of("/?#") < at)) return std::nullopt;
  if (at != std::string_view::npos) rest = rest.substr(at + 1);
  rest = rest.substr(0, rest.find('?'));
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._,:/[]%").find(c) != std::string_view::npos;
  };
  if (!std::all_of(rest.begin(), rest.end(), plain)) return std::nullopt;
  std::string_view hosts = rest.substr(0, rest.find('/'));
  while (!hosts.empty()) {
    const std::size_t comma = std::min(hosts.find(','), hosts.size());
    if (!isHost(hosts.substr(0, comma))) return std::nullopt;   // "user:secret", without a host
    hosts.remove_prefix(std::min(comma + 1, hosts.size()));
  }
  return std::string(rest);
}

}  // namespace

Result<Address> addressOf(const std::string& text) {
  if (text.empty()) return fail("no history is named: give a file, or a URL such as postgresql://user@host/name");
  if (text.find('\0') != std::string::npos || text.find('\n') != std::string::npos) return fail("the name of a history has no line ends");
  for (const std::string_view scheme : kPostgres) {
    if (!text.starts_with(scheme)) continue;
    auto shown = shownOf(std::string_view(text).substr(scheme.size()));
    if (!shown) return tl::unexpected(unclear());
    return Address{Address::Kind::Postgres, text, std::string(scheme) + *shown};
  }
  std::string path = text;
  if (text.starts_with("sqlite:")) {
    path = text.substr(7);
    if (path.starts_with("//")) {
      if (!path.starts_with("///")) return fail("write sqlite:///absolute/path, or sqlite:path");
      path = path.substr(2);
    }
  } else if (const std::size_t scheme = text.find("://"); scheme != std::string::npos) {
    return fail("'" + text.substr(0, scheme) + "' is no sort of store: a history is a file, sqlite:///path, or postgresql://...");
  }
  if (path.empty() || path.back() == '/') return fail("the history is a file: name it");
  if (path.starts_with(":")) return fail("'" + path + "' is no file; write ./" + path + " if it is");
  return Address{Address::Kind::File, path, path};
}

}  // namespace rightslice::observe::history
