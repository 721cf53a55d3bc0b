#include "observe/metrics/exposition.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_set>

#include <fmt/format.h>

#include "json/utf8.hpp"

namespace rightslice::observe::metrics {
namespace {

constexpr double kMostTime = 9e12;   // seconds; milliseconds of it still fit into a double without loss

bool isNameStart(char c, bool colon) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':'); }
bool isNamePart(char c, bool colon) { return isNameStart(c, colon) || (c >= '0' && c <= '9'); }

std::optional<double> numberOf(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "NaN" || text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Inf" || text == "inf" || text == "Infinity") return negative ? -HUGE_VAL : HUGE_VAL;
  if (text.empty() || !((text.front() >= '0' && text.front() <= '9') || text.front() == '.')) return std::nullopt;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return negative ? -out : out;
}

/// One line of samples.
class Line {
 public:
  Line(std::string_view text, bool openMetrics, const ExpositionLimits& limits) : left_(text), openMetrics_(openMetrics), limits_(limits) {}

  Result<Sample> read() {
    Sample out;
    if (!left_.empty() && left_.front() != '{') out.name = std::string(name(true));
    if (left_.starts_with('{')) {
      if (const auto error = labels(out)) return fail(*error);
    }
    if (out.name.empty()) return fail("a line begins with the name of a metric");
    if (out.name.size() > limits_.name) return fail("the name is too long");
    blanks();
    const auto value = numberOf(word());
    if (!value) return fail("no number stands where the value belongs");
    out.value = *value;
    blanks();
    if (!left_.empty() && left_.front() != '#') {
      const auto time = timeOf(word());
      if (!time) return fail("the time is no number");
      out.at = time;
      blanks();
    }
    // An exemplar says nothing of the value, but must be one.
    if (openMetrics_ && left_.starts_with("# {")) {
      left_.remove_prefix(2);
      Sample exemplar;
      if (const auto error = labels(exemplar)) return fail("exemplar: " + *error);
      blanks();
      if (!numberOf(word())) return fail("exemplar: no number stands where the value belongs");
      blanks();
      if (!left_.empty() && !timeOf(word())) return fail("exemplar: the time is no number");
    }
    if (!left_.empty()) return fail("something stands behind the sample");
    return out;
  }

 private:
  std::string_view name(bool colon) {
    std::size_t size = 0;
    while (size < left_.size() && (size == 0 ? isNameStart(left_[0], colon) : isNamePart(left_[size], colon))) ++size;
    const auto out = left_.substr(0, size);
    left_.remove_prefix(size);
    return out;
  }

  std::string_view word() {
    const auto out = left_.substr(0, left_.find_first_of(" \t"));
    left_.remove_prefix(out.size());
    return out;
  }

  void blanks() { left_.remove_prefix(std::min(left_.find_first_not_of(" \t"), left_.size())); }

  std::optional<std::int64_t> timeOf(std::string_view text) const {
    const auto number = numberOf(text);
    if (!number || !std::isfinite(*number) || std::abs(*number) > (openMetrics_ ? kMostTime / 1000 : kMostTime)) return std::nullopt;
    if (!openMetrics_ && text.find_first_of(".eE") != std::string_view::npos) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(openMetrics_ ? *number * 1000 : *number));
  }

  std::optional<std::string> quoted() {
    std::string out;
    left_.remove_prefix(1);
    while (!left_.empty()) {
      const char c = left_.front();
      left_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (left_.empty()) break;
      const char escaped = left_.front();
      left_.remove_prefix(1);
      if (escaped == 'n') out += '\n';
      else if (escaped == '\\' || escaped == '"') out += escaped;
      else return std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<std::string> labels(Sample& out) {
    left_.remove_prefix(1);
    for (;;) {
      blanks();
      if (left_.starts_with('}')) break;
      std::string key;
      if (left_.starts_with('"')) {
        auto text = quoted();
        if (!text || text->empty()) return "a name in quotes is not ended well";
        key = std::move(*text);
        blanks();
        if (!left_.starts_with('=')) {   // the name of the metric itself
          if (!out.name.empty()) return "two names";
          out.name = std::move(key);
          if (!next()) return "a comma or } is missing";
          continue;
        }
      } else {
        key = std::string(name(false));
        if (key.empty()) return "no label stands where one belongs";
        blanks();
      }
      if (!left_.starts_with('=')) return fmt::format("label {} has no value", json::printable(key));
      left_.remove_prefix(1);
      blanks();
      if (!left_.starts_with('"')) return fmt::format("the value of label {} is not in quotes", json::printable(key));
      auto value = quoted();
      if (!value) return fmt::format("the value of label {} is not ended well", json::printable(key));
      if (std::any_of(out.labels.begin(), out.labels.end(), [&](const auto& each) { return each.first == key; }))
        return fmt::format("label {} stands twice", json::printable(key));
      if (out.labels.size() >= limits_.labels) return "too many labels";
      out.labels.emplace_back(std::move(key), std::move(*value));
      if (!next()) return "a comma or } is missing";
    }
    left_.remove_prefix(1);
    return std::nullopt;
  }

  /// Over a comma between labels, or to the end of them.
  bool next() {
    blanks();
    if (left_.starts_with(',')) {
      left_.remove_prefix(1);
      return true;
    }
    return left_.starts_with('}');
  }

  std::string_view left_;
  bool openMetrics_;
  const ExpositionLimits& limits_;
};

/// What makes a sample one and no other.
std::string identity(const Sample& sample) {
  Labels sorted = sample.labels;
  std::sort(sorted.begin(), sorted.end());
  std::string out = sample.name + '\0';
  for (const auto& [key, value] : sorted)
    if (!value.empty()) out.append(key).append(1, '\0').append(value).append(1, '\0');
  return out + (sample.at ? std::to_string(*sample.at) : "");
}

}  // namespace

Result<std::size_t> readExposition(std::string_view text, const std::function<void(Sample&&)>& sink, const ExpositionLimits& limits) {
  if (text.size() > limits.bytes) return fail(fmt::format("more than {} bytes", limits.bytes));
  std::string_view trimmed = text;
  while (trimmed.ends_with('\n') || trimmed.ends_with('\r')) trimmed.remove_suffix(1);
  const bool openMetrics = trimmed == "# EOF" || trimmed.ends_with("\n# EOF");
  std::unordered_set<std::string> seen;
  std::size_t number = 0, count = 0;
  bool ended = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    const auto wrong = [&](std::string message) { return fail(std::move(message), std::to_string(number)); };
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > limits.line) return wrong(fmt::format("a line of more than {} bytes", limits.line));
    if (json::validUtf8Prefix(line) != line.size()) return wrong("is not UTF-8");
    if (line.find('\0') != std::string_view::npos) return wrong("a byte 0");
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) continue;
    if (ended) return wrong("something stands behind # EOF");
    if (line.front() == '#') {
      ended = openMetrics && line == "# EOF";
      continue;
    }
    auto sample = Line(line, openMetrics, limits).read();
    if (!sample) return wrong(sample.error().message);
    if (++count > limits.samples) return wrong(fmt::format("more than {} samples", limits.samples));
    if (!seen.insert(identity(*sample)).second) return wrong(fmt::format("{} stands twice with the same labels and time", json::printable(sample->name)));
    sink(std::move(*sample));
  }
  return count;
}

}  // namespace rightslice::observe::metrics
