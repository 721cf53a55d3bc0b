#include "model/module_pattern.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace rightslice::model {

constexpr std::size_t kMostNodes = 2048;
constexpr int kMostDepth = 32;

/// Builds Thompson's automaton from right to left: each part is compiled with the node that follows it.
class RegexCompiler {
 public:
  explicit RegexCompiler(std::string_view text) : text_(text) {}

  std::optional<ModuleRegex> run() {
    auto parsed = alternatives(0);
    if (!parsed || at_ != text_.size()) return std::nullopt;
    regex_.start_ = link(*parsed, add({Node::Match}));
    if (failed_ || regex_.start_ < 0) return std::nullopt;
    return std::move(regex_);
  }

  ModuleRegex runGlob() {
    Part whole;
    for (const char c : text_) {
      Part one{Part::Set, {}, {}};
      if (c == '*' || c == '?')
        one.set.set();
      else if (static_cast<unsigned char>(c) < 128)  // names hold no other: it matches none
        one.set.set(static_cast<std::size_t>(c));
      if (c == '*') one = Part{Part::Star, {}, {std::move(one)}};
      whole.parts.push_back(std::move(one));
    }
    whole.parts.push_back({Part::End, {}, {}});
    regex_.start_ = link(whole, add({Node::Match}));
    return std::move(regex_);
  }

 private:
  using Node = ModuleRegex::Node;
  /// A parsed part: the tree that link() turns into nodes.
  struct Part {
    enum Kind { Set, Begin, End, Sequence, Either, Star, Plus, Maybe } kind = Sequence;
    std::bitset<128> set;
    std::vector<Part> parts;
  };

  std::optional<Part> alternatives(int depth) {
    if (depth > kMostDepth) return std::nullopt;
    Part either{Part::Either, {}, {}};
    for (;;) {
      auto one = sequence(depth);
      if (!one) return std::nullopt;
      either.parts.push_back(std::move(*one));
      if (at_ >= text_.size() || text_[at_] != '|') break;
      ++at_;
    }
    if (either.parts.size() == 1) return std::move(either.parts.front());
    return either;
  }

  std::optional<Part> sequence(int depth) {
    Part result;
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      auto one = atom(depth);
      if (!one) return std::nullopt;
      while (at_ < text_.size() && (text_[at_] == '*' || text_[at_] == '+' || text_[at_] == '?')) {
        const char sign = text_[at_++];
        Part repeated{sign == '*' ? Part::Star : sign == '+' ? Part::Plus : Part::Maybe, {}, {}};
        repeated.parts.push_back(std::move(*one));
        one = std::move(repeated);
        if (at_ < text_.size() && text_[at_] == '?') ++at_;  // lazy: the same names match
      }
      result.parts.push_back(std::move(*one));
    }
    return result;
  }

  std::optional<Part> atom(int depth) {
    const char c = text_[at_++];
    switch (c) {
      case '^':
        return Part{Part::Begin, {}, {}};
      case '$':
        return Part{Part::End, {}, {}};
      case '.':
        return Part{Part::Set, std::bitset<128>().set(), {}};
      case '\\': {
        if (at_ >= text_.size()) return std::nullopt;
        const auto set = escape(text_[at_++]);
        if (!set) return std::nullopt;
        return Part{Part::Set, *set, {}};
      }
      case '[':
        return charClass();
      case '(': {
        if (text_.substr(at_).starts_with("?")) {
          if (!text_.substr(at_).starts_with("?:")) return std::nullopt;
          at_ += 2;
        }
        auto inner = alternatives(depth + 1);
        if (!inner || at_ >= text_.size() || text_[at_] != ')') return std::nullopt;
        ++at_;
        return inner;
      }
      case '*':
      case '+':
      case '?':
      case '{':
        return std::nullopt;
      default:
        if (static_cast<unsigned char>(c) >= 128) return std::nullopt;
        return Part{Part::Set, std::bitset<128>().set(static_cast<std::size_t>(c)), {}};
    }
  }

  static std::optional<std::bitset<128>> escape(char c) {
    std::bitset<128> set;
    const auto range = [&](char first, char last) {
      for (char x = first; x <= last; ++x) set.set(static_cast<std::size_t>(x));
    };
    switch (c) {
      case 'w':
        range('a', 'z');
        range('A', 'Z');
        set.set('_');
        [[fallthrough]];
      case 'd':
        range('0', '9');
        return set;
      case 's':
        return set.set(' ').set('\t');
      case 'b':
        return std::nullopt;
      default:
        if (static_cast<unsigned char>(c) >= 128 || isDigitAscii(c) || (lowerAscii(c) >= 'a' && lowerAscii(c) <= 'z'))
          return std::nullopt;
        return set.set(static_cast<std::size_t>(c));
    }
  }

  std::optional<Part> charClass() {
    Part result{Part::Set, {}, {}};
    const bool negated = at_ < text_.size() && text_[at_] == '^';
    if (negated) ++at_;
    bool closed = false;
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == ']') {
        closed = true;
        break;
      }
      if (c == '\\') {
        if (at_ >= text_.size()) return std::nullopt;
        const auto set = escape(text_[at_++]);
        if (!set) return std::nullopt;
        result.set |= *set;
        continue;
      }
      char last = c;
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        last = text_[at_ + 1];
        at_ += 2;
      }
      if (static_cast<unsigned char>(c) >= 128 || static_cast<unsigned char>(last) >= 128) return std::nullopt;
      for (int x = c; x <= last; ++x) result.set.set(static_cast<std::size_t>(x));
    }
    if (!closed) return std::nullopt;
    if (negated) result.set.flip();
    return result;
  }

  std::int32_t add(Node node) {
    if (regex_.nodes_.size() >= kMostNodes) {
      failed_ = true;
      return 0;
    }
    regex_.nodes_.push_back(node);
    return static_cast<std::int32_t>(regex_.nodes_.size()) - 1;
  }

  std::int32_t link(const Part& part, std::int32_t next) {
    if (failed_) return next;
    switch (part.kind) {
      case Part::Set:
        return add({Node::Set, part.set, next, -1});
      case Part::Begin:
        return add({Node::Begin, {}, next, -1});
      case Part::End:
        return add({Node::End, {}, next, -1});
      case Part::Sequence:
        for (auto at = part.parts.rbegin(); at != part.parts.rend(); ++at) next = link(*at, next);
        return next;
      case Part::Either: {
        std::int32_t start = link(part.parts.back(), next);
        for (std::size_t i = part.parts.size() - 1; i-- > 0;)
          start = add({Node::Split, {}, link(part.parts[i], next), start});
        return start;
      }
      case Part::Maybe:
        return add({Node::Split, {}, link(part.parts.front(), next), next});
      case Part::Star:
      case Part::Plus: {
        const std::int32_t loop = add({Node::Split, {}, -1, next});
        const std::int32_t body = link(part.parts.front(), loop);
        regex_.nodes_[static_cast<std::size_t>(loop)].next = body;
        return part.kind == Part::Star ? loop : body;
      }
    }
    return next;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
  ModuleRegex regex_;
};

std::optional<ModuleRegex> ModuleRegex::compile(std::string_view expression) {
  if (expression.size() > kMostCharacters) return std::nullopt;
  return RegexCompiler(expression).run();
}

ModuleRegex ModuleRegex::ofGlob(std::string_view glob) { return RegexCompiler(glob).runGlob(); }

bool ModuleRegex::matchesStartOf(std::string_view name) const {
  std::vector<std::int32_t> now, then, pending;
  std::vector<std::size_t> seen(nodes_.size(), 0);  // the position, from 1, at which a node was reached last
  bool matched = false;
  const auto reach = [&](std::vector<std::int32_t>& set, std::int32_t first, std::size_t at) {
    pending.assign(1, first);
    while (!pending.empty()) {
      const std::int32_t index = pending.back();
      pending.pop_back();
      if (index < 0 || seen[static_cast<std::size_t>(index)] == at + 1) continue;
      seen[static_cast<std::size_t>(index)] = at + 1;
      const Node& node = nodes_[static_cast<std::size_t>(index)];
      switch (node.kind) {
        case Node::Match:
          matched = true;
          break;
        case Node::Set:
          set.push_back(index);
          break;
        case Node::Split:
          pending.push_back(node.next);
          pending.push_back(node.other);
          break;
        case Node::Begin:
          if (at == 0) pending.push_back(node.next);
          break;
        case Node::End:
          if (at == name.size()) pending.push_back(node.next);
          break;
      }
    }
  };
  reach(now, start_, 0);
  for (std::size_t at = 0; at < name.size() && !matched && !now.empty(); ++at) {
    then.clear();
    const auto c = static_cast<unsigned char>(name[at]);
    for (const std::int32_t index : now) {
      const Node& node = nodes_[static_cast<std::size_t>(index)];
      if (c < 128 && node.set[c]) reach(then, node.next, at + 1);
    }
    now.swap(then);
  }
  return matched;
}

std::optional<ModulePattern> ModulePattern::parse(std::string_view text) {
  ModulePattern pattern;
  if (text.starts_with("re:")) {
    pattern.regex_ = ModuleRegex::compile(text.substr(3));
    if (!pattern.regex_) return std::nullopt;
    return pattern;
  }
  if (text.empty() || text.size() > ModuleRegex::kMostCharacters) return std::nullopt;
  if (text.find_first_of("*?") != std::string_view::npos)
    pattern.regex_ = ModuleRegex::ofGlob(text);
  else
    pattern.name_ = text;
  return pattern;
}

bool ModulePattern::matches(std::string_view module) const {
  return regex_ ? regex_->matchesStartOf(module) : isPartOf(name_, module);
}

bool isPartOf(std::string_view part, std::string_view name) {
  for (auto at = name.find(part); at != std::string_view::npos; at = name.find(part, at + 1)) {
    const std::size_t end = at + part.size();
    if ((at == 0 || name[at - 1] == '.') && (end == name.size() || name[end] == '.')) return true;
  }
  return false;
}

}  // namespace rightslice::model
