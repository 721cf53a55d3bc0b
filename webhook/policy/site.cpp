#include "policy/site.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/nearest.hpp"

namespace rightslice::policy {

std::string Path::pointer() const {
  if (parent_ == nullptr) return {};
  return parent_->pointer() + "/" + (isIndex_ ? std::to_string(index_) : json::escapeToken(key_));
}

std::string Path::dotted() const {
  if (parent_ == nullptr) return {};
  const std::string front = parent_->dotted();
  if (isIndex_) return fmt::format("{}[{}]", front, index_);
  return front.empty() ? std::string(key_) : fmt::format("{}.{}", front, key_);
}

json::Mark Site::mark(const Path& path, At at) const {
  const json::Marks::Place place = marks_.find(prefix_ + path.pointer());
  return at == At::Key && place.key.line > 0 ? place.key : place.value;
}

std::string lineAt(std::string_view source, std::size_t offset) {
  offset = std::min(offset, source.size());
  const std::size_t before = offset == 0 ? std::string_view::npos : source.rfind('\n', offset - 1);
  const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
  std::string_view line = source.substr(start, source.find('\n', start) - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

std::string Site::line(const json::Mark& mark) const { return mark.line > 0 ? lineAt(source_, mark.offset) : std::string(); }

void Site::add(std::string_view code, const Path& path, At at, std::string message, bool warning) {
  const json::Mark where = mark(path, at);
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.warning = warning;
  diagnostic.file = file_;
  diagnostic.line = where.line;
  diagnostic.column = where.column;
  diagnostic.pointer = prefix_ + path.pointer();
  diagnostic.message = std::move(message);
  diagnostic.snippet = line(where);
  out_.push_back(std::move(diagnostic));
  if (!warning) ++errors_;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::optional<std::string> best = nearest(word, candidates);
  return best ? fmt::format("; did you mean '{}'?", *best) : std::string();
}

}  // namespace rightslice::policy
