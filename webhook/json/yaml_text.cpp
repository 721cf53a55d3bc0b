#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"
#include "json/yaml.hpp"
#include "json/yaml_scalar.hpp"

namespace rightslice::json {
namespace {

constexpr std::size_t kMaxSimpleKey = 1000;  // YAML 1.2, 8.2.2: a longer key needs "? " before it

/// Characters that stand in no plain or block scalar: controls, DEL, and of the others what YAML takes for a line end or
/// no text: C1 (C2 80-9F), U+2028/9 (E2 80 A8/9), U+FEFF (EF BB BF), U+FFFE/F (EF BF BE/F).
bool needsEscape(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
    const unsigned c = byte(0);
    if ((c < 0x20 && c != '\n') || c == 0x7F || (c == 0xC2 && byte(1) < 0xA0) ||
        (c == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) ||
        (c == 0xEF && ((byte(1) == 0xBB && byte(2) == 0xBF) || (byte(1) == 0xBF && byte(2) >= 0xBE)))) {
      return true;
    }
  }
  return validUtf8Prefix(text) != text.size();
}

/// Numbers, dates, times and versions of one reader or another: quoted even where kubectl's would leave them texts.
bool looksNumeric(std::string_view text) {
  const bool begins = isDigitAscii(text.front()) || ((text.front() == '-' || text.front() == '+' || text.front() == '.') &&
                                                     text.size() > 1 && (isDigitAscii(text[1]) || text[1] == '.'));
  return begins && text.find_first_not_of("0123456789_:.+-eEtTzZxXoObBaAcCdDfF ") == std::string_view::npos;
}

bool isPlain(std::string_view text) {
  constexpr std::string_view kIndicators = ",[]{}#&*!|>'\"%@`=<~";  // the last three only to be safe
  if (text.empty() || needsEscape(text) || text.find('\n') != std::string_view::npos ||
      kIndicators.find(text.front()) != std::string_view::npos || text.front() == ' ' || text.back() == ' ' ||
      text.back() == ':' || text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos ||
      text.starts_with("---") || text.starts_with("...")) {
    return false;
  }
  const bool mark = text.front() == '-' || text.front() == '?' || text.front() == ':';
  if ((mark && (text.size() == 1 || text[1] == ' ')) || looksNumeric(text)) {
    return false;
  }
  return resolveYamlScalar(text).type == YamlScalar::Type::String;
}

/// Text of several lines that a block shows as it is.
bool isBlock(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || needsEscape(text) || text.front() == ' ' || text.front() == '\n' ||
      text.ends_with("\n\n")) {
    return false;
  }
  return text.find(" \n") == std::string_view::npos && text.back() != ' ';
}

/// JSON's escapes are YAML's too; what YAML escapes beyond them is added.
std::string doubleQuoted(std::string_view text) {
  std::string out;
  const std::string json = quoted(text);
  for (std::size_t i = 0; i < json.size();) {
    const std::size_t length = std::max<std::size_t>(utf8SequenceLength(std::string_view(json).substr(i)), 1);
    const std::string_view sequence = std::string_view(json).substr(i, length);
    if (static_cast<unsigned char>(sequence[0]) >= 0x7F && needsEscape(sequence)) {
      unsigned code = static_cast<unsigned char>(sequence[0]) & (length == 3 ? 0x0FU : length == 2 ? 0x1FU : 0x7FU);
      for (std::size_t k = 1; k < length; ++k) {
        code = code << 6 | (static_cast<unsigned char>(sequence[k]) & 0x3FU);
      }
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += sequence;
    }
    i += length;
  }
  return out;
}

class Printer {
 public:
  std::string take() { return std::move(out_); }

  /// At the place where a value begins: after "key:", "-" or at the start of a line (`bare`).
  void value(View view, std::size_t indent, bool bare) {
    if ((view.isObject() || view.isArray()) && view.size() > 0) {
      if (!bare) {
        out_ += '\n';
      }
      collection(view, indent, !bare);
      return;
    }
    if (!bare) {
      out_ += ' ';
    }
    scalar(view, indent);
  }

 private:
  /// `indented`: the first line needs its indentation, too.
  void collection(View view, std::size_t indent, bool indented) {
    const auto begin = [&] {
      if (indented) {
        out_.append(indent, ' ');
      }
      indented = true;
    };
    for (const View::Member member : view.members()) {
      begin();
      const std::string key = isPlain(member.key) ? std::string(member.key) : doubleQuoted(member.key);
      if (key.size() > kMaxSimpleKey) {
        out_ += "? " + key + '\n';
        out_.append(indent, ' ');
      } else {
        out_ += key;
      }
      out_ += ':';
      // As kubectl prints them: the items of a list stand right below its key.
      value(member.value, indent + (member.value.isArray() ? 0 : 2), false);
    }
    for (const View element : view.elements()) {
      begin();
      out_ += '-';
      if ((element.isObject() || element.isArray()) && element.size() > 0) {
        out_ += ' ';
        value(element, indent + 2, true);
      } else {
        value(element, indent + 2, false);
      }
    }
  }

  void scalar(View view, std::size_t indent) {
    const auto text = view.string();
    if (!text) {
      out_ += view.text() + '\n';
    } else if (isPlain(*text)) {
      out_.append(*text) += '\n';
    } else if (isBlock(*text)) {
      block(*text, std::max<std::size_t>(indent, 2));
    } else {
      out_ += doubleQuoted(*text) + '\n';
    }
  }

  void block(std::string_view text, std::size_t indent) {
    out_ += text.back() == '\n' ? "|\n" : "|-\n";
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) {
        out_.append(indent, ' ').append(text.substr(0, end));
      }
      out_ += '\n';
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::string out_;
};

}  // namespace

std::string yamlText(View value) {
  Printer printer;
  printer.value(value, 0, true);
  return printer.take();
}

}  // namespace rightslice::json
