#include "http_reader.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace rightslice::fuzz {
namespace {

constexpr std::size_t kMostDigits = 15;

bool isTokenChar(char c) {
  return isDigitAscii(c) || (lowerAscii(c) >= 'a' && lowerAscii(c) <= 'z') || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool isToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), isTokenChar); }
bool isControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lowerAscii);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The line that begins at `at`, which goes behind it. Nothing where none ends in CR LF.
std::optional<std::string_view> takeLine(std::string_view text, std::size_t& at) {
  const auto end = text.find("\r\n", at);
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(at, end - at);
  at = end + 2;
  return line;
}

std::optional<std::size_t> number(std::string_view digits, int base) {
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  std::size_t value = 0;
  for (const char c : digits) {
    const auto digit = std::string_view("0123456789abcdef").find(lowerAscii(c));
    if (digit >= static_cast<std::size_t>(base)) return std::nullopt;
    value = value * static_cast<std::size_t>(base) + digit;
  }
  return value;
}

/// Field lines to the empty one. What is wrong with them; nothing: nothing. `folds`: lines may go on in the next (RFC 9112, 5.2).
std::string readFields(std::string_view text, std::size_t& at, std::vector<std::pair<std::string, std::string>>& fields, bool folds = false) {
  for (;;) {
    const auto line = takeLine(text, at);
    if (!line) return "the header has no end";
    if (line->empty()) return {};
    if (std::any_of(line->begin(), line->end(), isControl)) return "a control character in a field line";
    if (folds && !fields.empty() && (line->front() == ' ' || line->front() == '\t')) continue;
    const auto colon = line->find(':');
    if (colon == std::string_view::npos || !isToken(line->substr(0, colon))) return "a field line without a proper name (or a folded one)";
    fields.emplace_back(lowered(line->substr(0, colon)), trimmed(line->substr(colon + 1)));
  }
}

std::optional<std::string> readChunks(std::string_view text, std::size_t& at) {
  std::string body;
  for (;;) {
    const auto line = takeLine(text, at);
    if (!line || std::any_of(line->begin(), line->end(), isControl)) return std::nullopt;
    const auto size = number(line->substr(0, line->find_first_of("; \t")), 16);
    const auto rest = trimmed(line->substr(std::min(line->find_first_of("; \t"), line->size())));
    if (!size || (!rest.empty() && rest.front() != ';')) return std::nullopt;
    if (*size == 0) break;
    if (text.size() - at < *size + 2 || text.substr(at + *size, 2) != "\r\n") return std::nullopt;
    body += text.substr(at, *size);
    at += *size + 2;
  }
  std::vector<std::pair<std::string, std::string>> trailers;
  // Nobody gets the trailers, and they end at the same empty line for every reader: so their folds do no harm.
  if (!readFields(text, at, trailers, true).empty()) return std::nullopt;
  return body;
}

/// How the body is framed, and the body; sets `unclear` where that can be read in two ways.
void readBody(std::string_view text, HttpRequest& request) {
  std::vector<std::string> lengths, codings, hosts;
  for (const auto& [name, value] : request.fields) {
    if (name == "content-length") lengths.push_back(value);
    if (name == "transfer-encoding") codings.push_back(lowered(value));
    if (name == "host") hosts.push_back(value);
  }
  request.end = request.headerEnd;
  if (hosts.size() > 1) request.unclear = "several hosts";
  if (hosts.empty() && request.version == "HTTP/1.1") request.unclear = "no host";
  if (!lengths.empty() && !codings.empty()) request.unclear = "Content-Length and Transfer-Encoding";
  if (!codings.empty() && (codings != std::vector<std::string>{"chunked"} || request.version != "HTTP/1.1")) request.unclear = "a Transfer-Encoding that is not chunked alone";
  if (std::adjacent_find(lengths.begin(), lengths.end(), std::not_equal_to<>()) != lengths.end()) request.unclear = "several lengths";
  const auto length = lengths.empty() ? std::optional<std::size_t>(0) : number(lengths.front(), 10);
  if (!length) request.unclear = "a Content-Length that is no number";
  if (!request.unclear.empty()) return;
  if (!codings.empty()) {
    request.body = readChunks(text, request.end);
  } else if (text.size() - request.headerEnd >= *length) {
    request.body = std::string(text.substr(request.headerEnd, *length));
    request.end += *length;
  }
}

}  // namespace

HttpRequest readHttpRequest(std::string_view text, std::size_t at) {
  HttpRequest out;
  while (text.substr(at).starts_with("\r\n")) at += 2;  // RFC 9112, 2.2
  const auto line = takeLine(text, at);
  const auto first = line ? line->find(' ') : std::string_view::npos;
  const auto second = line && first != std::string_view::npos ? line->find(' ', first + 1) : std::string_view::npos;
  if (second == std::string_view::npos) {
    out.unclear = "no request line";
    return out;
  }
  out.method = line->substr(0, first);
  out.target = line->substr(first + 1, second - first - 1);
  out.version = line->substr(second + 1);
  const bool clean = std::none_of(out.target.begin(), out.target.end(), [](char c) { return isControl(c) || c == '\t' || c == ' '; });
  if (!isToken(out.method) || out.target.empty() || !clean) out.unclear = "an odd request line";
  if (out.version != "HTTP/1.1" && out.version != "HTTP/1.0") out.unclear = "an odd version";
  if (const auto wrong = readFields(text, at, out.fields); !wrong.empty()) out.unclear = wrong;
  out.headerEnd = at;
  if (out.unclear.empty()) readBody(text, out);
  return out;
}

std::optional<std::vector<HttpResponse>> readHttpResponses(std::string_view text, const std::vector<std::string>& methods) {
  std::vector<HttpResponse> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto line = takeLine(text, at);
    if (!line || !line->starts_with("HTTP/1.1 ") || line->size() < 12) return std::nullopt;
    const auto status = number(line->substr(9, 3), 10);
    std::vector<std::pair<std::string, std::string>> fields;
    if (!status || !readFields(text, at, fields).empty()) return std::nullopt;
    if (*status == 100) continue;
    HttpResponse response;
    response.status = static_cast<int>(*status);
    std::optional<std::size_t> length;
    for (const auto& [name, value] : fields) {
      if (name == "content-length") length = number(value, 10);
      if (name == "connection") response.close = value == "close";
    }
    const bool headOnly = out.size() < methods.size() && methods[out.size()] == "HEAD" && response.status != 400 && response.status != 431;
    if (!length || (!headOnly && text.size() - at < *length)) return std::nullopt;
    if (!headOnly) {
      response.body = text.substr(at, *length);
      at += *length;
    }
    out.push_back(std::move(response));
  }
  return out;
}

}  // namespace rightslice::fuzz
