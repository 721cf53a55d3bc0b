#include "workload/cel.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace rightslice::workload {
namespace {

using Kind = CelExpression::Kind;

bool startsName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool inName(char c) { return startsName(c) || isDigitAscii(c); }

/// Nothing for what is no character: a surrogate, or a number above all of them.
std::optional<std::string> utf8(std::uint32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  std::string out;
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>((0xFF00U >> (more + 1) & 0xFFU) | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80U | (code >> (6 * i) & 0x3FU));
  return out;
}

/// Of the escapes, those of one letter.
std::optional<char> escapedLetter(char c) {
  switch (c) {
    case '\\': case '\'': case '"': case '`': case '?': return c;
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'v': return '\v';
    default: return std::nullopt;
  }
}

/// What an escape stands for, which is taken off the front, behind its backslash; nothing for one that CEL does not have. In digits: \x41, \u0041,
/// \U00000041, and \101 in octal.
std::optional<std::string> takeEscape(std::string_view& rest) {
  const char letter = rest.empty() ? '\0' : rest.front();
  const bool octal = letter >= '0' && letter <= '3';
  const std::size_t digits = octal ? 3 : letter == 'x' || letter == 'X' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (digits > 0) {
    const std::string_view number = rest.substr(octal ? 0 : 1, digits);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), code, octal ? 8 : 16);
    if (number.size() == digits && error == std::errc() && end == number.data() + number.size()) {
      rest.remove_prefix(digits + (octal ? 0 : 1));
      return utf8(code);
    }
  }
  rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
  const auto plain = escapedLetter(letter);
  return plain ? std::optional(std::string(1, *plain)) : std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<CelExpression> run() {
    if (text_.size() > kMaxCelLength) return fail(fmt::format("longer than {} bytes", kMaxCelLength), "1");
    CelExpression out = expression();
    skip();
    if (!failed_ && at_ < text_.size()) wrong("something stands behind the expression");
    if (failed_) return tl::unexpected(std::move(error_));
    return out;
  }

 private:
  struct Deeper {  // one more level of recursion
    explicit Deeper(Parser& p) : parser(p) {
      if (++parser.level_ > kMaxCelDepth) parser.wrong(fmt::format("nested deeper than {} levels", kMaxCelDepth));
    }
    ~Deeper() { --parser.level_; }
    Parser& parser;
  };

  /// The first thing that is wrong counts. After it everything ends at once: the rest of the text is not looked at.
  void wrong(std::string message) {
    if (!failed_) error_ = Error{std::move(message), std::to_string(at_ + 1)};
    failed_ = true;
    at_ = text_.size();
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip() {
    for (;;) {
      while (at_ < text_.size() && std::string_view(" \t\r\n\f").find(text_[at_]) != std::string_view::npos) ++at_;
      if (!text_.substr(at_).starts_with("//")) return;
      at_ = std::min(text_.find('\n', at_), text_.size());
    }
  }

  bool take(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) wrong(fmt::format("'{}' is missing", token));
  }
  std::string_view takeName() {
    skip();
    std::size_t end = at_;
    if (startsName(peek())) while (end < text_.size() && inName(text_[end])) ++end;
    const std::size_t start = std::exchange(at_, end);  // not in the call: which of its arguments comes first is the compiler's choice
    return text_.substr(start, end - start);
  }
  /// A word that is an operator: `in`.
  bool takeWord(std::string_view word) {
    skip();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(word) || (rest.size() > word.size() && inName(rest[word.size()]))) return false;
    at_ += word.size();
    return true;
  }

  /// The node that ends here, and began at `start`.
  CelExpression node(Kind kind, std::size_t start, std::string_view text, std::vector<CelExpression> children = {}) {
    CelExpression out;
    out.kind = kind;
    out.text = text;
    for (const CelExpression& child : children) out.depth = std::max(out.depth, child.depth + 1);
    out.children = std::move(children);
    out.source = failed_ ? std::string_view() : text_.substr(start, at_ - start);
    if (out.depth > kMaxCelDepth) wrong(fmt::format("nested deeper than {} levels", kMaxCelDepth));
    return out;
  }
  template <class... Children>
  CelExpression parent(Kind kind, std::size_t start, std::string_view text, Children&&... each) {
    std::vector<CelExpression> children;
    children.reserve(sizeof...(each));
    (children.push_back(std::forward<Children>(each)), ...);
    return node(kind, start, text, std::move(children));
  }
  std::size_t here() {
    skip();
    return at_;
  }

  CelExpression expression() {
    const Deeper deeper(*this);
    const std::size_t start = here();
    CelExpression condition = chain("||");
    if (failed_ || !take("?")) return condition;
    CelExpression then = chain("||");
    expect(":");
    return parent(Kind::Conditional, start, "?", std::move(condition), std::move(then), expression());
  }

  /// a || b || c, and below it a && b && c: one node each.
  CelExpression chain(std::string_view op) {
    const std::size_t start = here();
    const auto operand = [&] { return op == "||" ? chain("&&") : relation(); };
    std::vector<CelExpression> operands;
    operands.push_back(operand());
    while (!failed_ && take(op)) operands.push_back(operand());
    return operands.size() == 1 ? std::move(operands.front()) : node(Kind::Binary, start, op, std::move(operands));
  }

  CelExpression relation() {
    const std::size_t start = here();
    CelExpression left = sum();
    while (!failed_) {
      std::string_view found;
      for (const std::string_view op : {"<=", ">=", "==", "!=", "<", ">"}) {
        if (found.empty() && take(op)) found = op;
      }
      if (found.empty() && takeWord("in")) found = "in";
      if (found.empty()) break;
      left = parent(Kind::Binary, start, found, std::move(left), sum());
    }
    return left;
  }

  CelExpression sum() { return leftToRight({"+", "-"}, [this] { return product(); }); }
  CelExpression product() { return leftToRight({"*", "/", "%"}, [this] { return unary(); }); }

  template <class Operand>
  CelExpression leftToRight(std::initializer_list<std::string_view> operators, Operand&& operand) {
    const std::size_t start = here();
    CelExpression left = operand();
    while (!failed_) {
      std::string_view found;
      for (const std::string_view op : operators) {
        if (found.empty() && take(op)) found = op;
      }
      if (found.empty()) break;
      left = parent(Kind::Binary, start, found, std::move(left), operand());
    }
    return left;
  }

  CelExpression unary() {
    const std::size_t start = here();
    const char sign = peek();
    if (sign != '!' && sign != '-') return member();
    if (sign == '-' && isDigitAscii(peek(1))) return member();  // a negative number
    ++at_;
    const Deeper deeper(*this);
    return parent(Kind::Unary, start, std::string_view(&sign, 1), failed_ ? CelExpression{} : unary());
  }

  CelExpression member() {
    const std::size_t start = here();
    CelExpression out = primary();
    while (!failed_) {
      if (take("[")) {
        const bool optional = take("?");
        CelExpression index = expression();
        expect("]");
        out = parent(Kind::Index, start, "", std::move(out), std::move(index));
        out.optional = optional;
      } else if (take(".")) {
        const bool optional = take("?");
        const std::string_view name = takeName();
        if (name.empty()) wrong("a name is missing behind the dot");
        if (!optional && take("(")) {
          std::vector<CelExpression> children;
          children.push_back(std::move(out));
          list(")", children);
          out = node(Kind::Call, start, name, std::move(children));
          out.method = true;
        } else {
          out = parent(Kind::Select, start, name, std::move(out));
          out.optional = optional;
        }
      } else {
        break;
      }
    }
    return out;
  }

  /// Expressions, separated by commas, to the closing token.
  void list(std::string_view close, std::vector<CelExpression>& out) {
    while (!failed_ && !take(close)) {
      out.push_back(expression());
      if (take(",")) continue;
      expect(close);
      return;
    }
  }

  CelExpression map(std::size_t start) {
    std::vector<CelExpression> children;
    while (!failed_ && !take("}")) {
      take("?");
      children.push_back(expression());
      expect(":");
      children.push_back(expression());
      if (take(",")) continue;
      expect("}");
      break;
    }
    return node(Kind::Map, start, "", std::move(children));
  }

  CelExpression primary() {
    const std::size_t start = here();
    if (take("(")) {
      CelExpression inner = expression();
      expect(")");
      return inner;
    }
    if (take("[")) {
      std::vector<CelExpression> children;
      list("]", children);
      return node(Kind::List, start, "", std::move(children));
    }
    if (take("{")) return map(start);
    if (peek() == '-' || isDigitAscii(peek()) || (peek() == '.' && isDigitAscii(peek(1)))) return number(start);
    if (atString()) return string(start);
    take(".");
    const std::string_view name = takeName();
    if (name.empty()) {
      wrong(at_ < text_.size() ? "an expression is missing here" : "it ends too early");
      return {};
    }
    if (name == "true" || name == "false") return node(Kind::Bool, start, name);
    if (name == "null") return node(Kind::Constant, start, name);
    if (name == "in") wrong("'in' stands alone");
    if (!take("(")) return node(Kind::Name, start, name);
    std::vector<CelExpression> children;
    list(")", children);
    return node(Kind::Call, start, name, std::move(children));
  }

  CelExpression number(std::size_t start) {
    if (peek() == '-') ++at_;
    while (inName(peek()) || peek() == '.' || ((peek() == '-' || peek() == '+') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E'))) ++at_;
    const std::string_view written = text_.substr(start, at_ - start);
    CelExpression out = node(Kind::Constant, start, written);
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), out.integer);
    if (error == std::errc() && end == written.data() + written.size()) out.kind = Kind::Integer;
    return out;
  }

  bool isPrefix(std::size_t length) const {
    const auto letter = [&](std::size_t i) { return std::string_view("rRbB").find(peek(i)) != std::string_view::npos; };
    for (std::size_t i = 0; i < length; ++i) {
      if (peek(i) == '\0' || !letter(i)) return false;
    }
    return peek(length) == '"' || peek(length) == '\'';
  }
  bool atString() const { return isPrefix(0) || isPrefix(1) || isPrefix(2); }

  CelExpression string(std::size_t start) {
    bool raw = false, readable = true;
    for (; peek() != '"' && peek() != '\''; ++at_) {
      raw = raw || peek() == 'r' || peek() == 'R';
      readable = readable && peek() != 'b' && peek() != 'B';
    }
    const char quote = peek();
    const std::string threefold(3, quote);
    const bool several = text_.substr(at_).starts_with(threefold);
    const std::string_view close = several ? std::string_view(threefold) : std::string_view(threefold).substr(0, 1);
    at_ += close.size();
    std::string value;
    while (!text_.substr(at_).starts_with(close)) {
      if (at_ >= text_.size() || (!several && (peek() == '\n' || peek() == '\r'))) {
        wrong("a string does not end");
        return {};
      }
      if (raw || peek() != '\\') {
        value += text_[at_++];
        continue;
      }
      std::string_view rest = text_.substr(at_ + 1);
      const auto plain = takeEscape(rest);
      readable = readable && plain;
      value += plain.value_or("?");
      at_ = text_.size() - rest.size();
    }
    at_ += close.size();
    return node(readable ? Kind::String : Kind::Constant, start, value);
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  int level_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace

Result<CelExpression> parseCel(std::string_view text) { return Parser(text).run(); }

}  // namespace rightslice::workload
