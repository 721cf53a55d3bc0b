#include "observe/selector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/document.hpp"
#include "observe/placement.hpp"

namespace rightslice::observe {
namespace {

bool isWord(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/'; }

/// What is left of a selector.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) { blanks(); }

  bool done() const { return text_.empty(); }
  std::string_view rest() const { return text_; }
  bool take(std::string_view token) {
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    blanks();
    return true;
  }
  std::string word() {
    std::size_t size = 0;
    while (size < text_.size() && isWord(text_[size])) ++size;
    std::string out(text_.substr(0, size));
    text_.remove_prefix(size);
    blanks();
    return out;
  }
  /// "in" and "notin" are words too.
  bool takeWord(std::string_view wanted) {
    Reader ahead = *this;
    if (ahead.word() != wanted) return false;
    *this = ahead;
    return true;
  }

 private:
  void blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size())); }
  std::string_view text_;
};

}  // namespace

Result<Selector> Selector::parse(std::string_view text) {
  Selector out;
  out.text_ = text;
  Reader reader(text);
  const auto wrong = [&](std::string_view what) {
    return fail(fmt::format("'{}' is no label selector: {}{}; write key=value, key!=value, key in (a,b), key notin (a,b), key or !key, with commas between", text, what,
                            reader.done() ? " at its end" : fmt::format(" at '{}'", reader.rest())));
  };
  do {
    Requirement one;
    const bool absent = reader.take("!");
    one.key = reader.word();
    if (one.key.empty()) return wrong("a key is missing");
    if (absent) {
      one.op = Op::DoesNotExist;
    } else if (reader.take("!=")) {
      one.op = Op::NotIn;
      one.values.push_back(reader.word());
    } else if (reader.take("==") || reader.take("=")) {
      one.op = Op::In;
      one.values.push_back(reader.word());   // may be empty: the label is there, and says nothing
    } else if (const bool in = reader.takeWord("in"); in || reader.takeWord("notin")) {
      one.op = in ? Op::In : Op::NotIn;
      if (!reader.take("(")) return wrong("( is missing");
      do one.values.push_back(reader.word());
      while (reader.take(","));
      if (!reader.take(")")) return wrong(") is missing");
    }
    out.requirements_.push_back(std::move(one));
  } while (reader.take(","));
  if (!reader.done()) return wrong("something is not understood");
  return out;
}

bool Selector::matches(json::View labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& each) {
    const auto value = labels[each.key].string();
    const bool among = value && std::find(each.values.begin(), each.values.end(), *value) != each.values.end();
    switch (each.op) {
      case Op::In: return among;
      case Op::NotIn: return !among;
      case Op::Exists: return value.has_value();
      case Op::DoesNotExist: return !value;
    }
    return false;
  });
}

void select(Snapshot& snapshot, const Selector& selector) {
  snapshot.selector = selector.text();
  snapshot.source += fmt::format(", workloads with {}", selector.text());
  const auto bears = [&](const std::shared_ptr<const std::string>& text, bool whole) {
    const auto document = text ? json::Document::parse(*text) : json::Document::parse("{}");
    return document && selector.matches(whole ? document->root()["metadata"]["labels"] : document->root());
  };
  std::vector<bool> pods(snapshot.pods.size()), objects(snapshot.objects.size(), true);
  for (const Deployed& each : deployedOf(snapshot)) {
    const bool chosen = each.object ? bears(snapshot.objects[*each.object].text, true) : bears(snapshot.pods[each.pods.front()].labels, false);
    for (const Index pod : each.pods) pods[pod] = chosen;
    if (each.object) objects[*each.object] = chosen;
    for (const Index child : each.children) objects[child] = chosen;
  }
  for (Index i = 0; i < snapshot.pods.size(); ++i) {
    const Pod& pod = snapshot.pods[i];
    if (pods[i]) continue;
    auto& to = pod.placed() ? snapshot.heldElsewhere[pod.node] : snapshot.waitingElsewhere;
    for (const auto& [resource, count] : pod.counts) to[resource] += count;
  }
  Index at = 0;
  std::erase_if(snapshot.pods, [&](const Pod&) { return !pods[at++]; });
  at = 0;
  std::erase_if(snapshot.objects, [&](const Object&) { return !objects[at++]; });
}

}  // namespace rightslice::observe
