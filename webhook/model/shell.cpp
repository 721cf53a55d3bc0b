#include "model/shell.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "model/shell_words.hpp"

namespace rightslice::model {
namespace {

constexpr std::size_t kMaxVariables = 256;
constexpr std::array<std::string_view, 13> kKeywords{"if",    "then", "else", "elif", "do", "while", "until",
                                                     "!",     "{",    "}",    "fi",   "done", "coproc"};
constexpr std::array<std::string_view, 7> kShells{"sh", "bash", "dash", "ash", "zsh", "ksh", "rbash"};

class Reader : private ShellWords {
 public:
  using ShellWords::ShellWords;

  std::vector<ShellCommand> run() {
    std::vector<ShellCommand> commands = read();
    if (exported_.empty()) return commands;
    const auto exported = std::make_shared<const std::vector<ShellVariable>>(std::move(exported_));
    for (ShellCommand& command : commands) command.exported = exported;
    return commands;
  }

 private:
  std::vector<ShellCommand> read() {
    while (at_ < in_.size() && output_ < kMaxShellOutputBytes) {
      const char c = in_[at_];
      if (c == '\n') {
        endCommand();
        ++at_;
        skipHereDocuments();
      } else if (isShellBlank(c)) {
        ++at_;
      } else if (c == '\\' && at_ + 1 < in_.size() &&
                 (in_[at_ + 1] == '\n' || in_.substr(at_ + 1).starts_with("\r\n"))) {
        at_ += in_[at_ + 1] == '\n' ? 2 : 3;
      } else if (c == '#') {
        while (at_ < in_.size() && in_[at_] != '\n') ++at_;
      } else if (c == ';' || c == '|' || c == '(' || c == ')') {
        endCommand();
        ++at_;
      } else if (c == '&') {
        if (in_.substr(at_).starts_with("&>")) readRedirection();
        else {
          endCommand();
          ++at_;
        }
      } else if (c == '<' || c == '>' || startsRedirection()) {
        readRedirection();
      } else {
        readWord();
      }
    }
    endCommand();
    return std::move(commands_);
  }

  /// Text that is read as a script where it stands, with the variables of here.
  void readNested(const std::string& script) {
    if (nesting_ >= kMaxShellNesting) return;
    Reader inner(script, lookup_, {});
    inner.nesting_ = nesting_ + 1;
    inner.output_ = output_;
    inner.exportAll_ = exportAll_;
    inner.parameters_.swap(parameters_);
    inner.variables_.swap(variables_);
    inner.exported_.swap(exported_);
    for (ShellCommand& command : inner.read()) commands_.push_back(std::move(command));
    output_ = inner.output_;
    inner.parameters_.swap(parameters_);
    inner.variables_.swap(variables_);
    inner.exported_.swap(exported_);
  }

  bool startsRedirection() const {  // 2>&1
    std::size_t p = at_;
    while (p < in_.size() && isDigitAscii(in_[p])) ++p;
    return p > at_ && p < in_.size() && (in_[p] == '<' || in_[p] == '>');
  }

  void readRedirection() {
    while (at_ < in_.size() && (isDigitAscii(in_[at_]) || in_[at_] == '&')) ++at_;
    const bool here = in_.substr(at_).starts_with("<<") && !in_.substr(at_).starts_with("<<<");
    while (at_ < in_.size() &&
           (in_[at_] == '<' || in_[at_] == '>' || in_[at_] == '&' || in_[at_] == '|' || in_[at_] == '-'))
      ++at_;
    while (at_ < in_.size() && isShellBlank(in_[at_])) ++at_;
    std::vector<ShellWord> words = expandWord();
    if (here && !words.empty()) hereEnds_.push_back(words.front().text);
  }

  void skipHereDocuments() {
    const std::vector<std::string> ends = std::move(hereEnds_);
    hereEnds_.clear();
    const bool script = !ends.empty() && !commands_.empty() && readsScript(commands_.back().words);
    for (const std::string& end : ends) {
      std::string body;
      while (at_ < in_.size()) {
        const std::size_t eol = std::min(in_.find('\n', at_), in_.size());
        std::string_view line = in_.substr(at_, eol - at_);
        at_ = std::min(eol + 1, in_.size());
        while (!line.empty() && line.front() == '\t') line.remove_prefix(1);
        if (line == end) break;
        if (script) body.append(line).append("\n");
      }
      if (script) readNested(body);
    }
  }

  /// A shell that is given no script: it reads one from its standard input.
  static bool readsScript(const std::vector<ShellWord>& words) {
    const std::string_view program = words.front().text;
    return isShell(program.substr(program.rfind('/') + 1)) && std::all_of(words.begin() + 1, words.end(), [](const ShellWord& word) {
      return word.text.starts_with('-') && (word.text.starts_with("--") || word.text.find('c') == std::string::npos);
    });
  }

  void readWord() {
    const std::size_t start = at_;
    std::vector<ShellWord> words = expandWord();
    if (at_ == start) {  // a character that starts nothing: pass it, so that every input ends
      ++at_;
      return;
    }
    for (ShellWord& word : words) {
      output_ += word.text.size() + 1;
      command_.push_back(std::move(word));
    }
  }

  /// NAME=value; nothing for any other word.
  static std::optional<ShellVariable> assignment(const ShellWord& word) {
    const auto equals = word.text.find('=');
    if (equals == std::string::npos || equals == 0 || !isShellNameStart(word.text[0])) return std::nullopt;
    if (!std::all_of(word.text.begin(), word.text.begin() + static_cast<std::ptrdiff_t>(equals), isShellNameChar))
      return std::nullopt;
    ShellValue value{true, word.known, word.text.substr(equals + 1)};
    if (value.text.size() > kMaxShellValueBytes) value.known = false;
    if (!value.known) value.text.clear();
    return ShellVariable{word.text.substr(0, equals), std::move(value)};
  }

  void set(const ShellVariable& variable, bool exported) {
    if (variables_.size() >= kMaxVariables && !variables_.contains(variable.name)) return;
    variables_.insert_or_assign(variable.name, variable.value);
    // What the container's environment has stays in it with the new value.
    if (exported || exportAll_ || lookup_(variable.name).isSet || isExported(variable.name)) exportIt(variable);
  }

  bool isExported(std::string_view name) const {
    return std::any_of(exported_.begin(), exported_.end(), [&](const ShellVariable& each) { return each.name == name; });
  }
  void exportIt(ShellVariable variable) {
    if (exported_.size() < kMaxVariables) exported_.push_back(std::move(variable));
  }

  /// export A=b, declare -x A=b, A=b; export A
  void declare(const std::vector<ShellWord>& words, std::size_t first) {
    bool exports = words[first].text == "export";
    for (std::size_t i = first + 1; i < words.size(); ++i) {
      const std::string& text = words[i].text;
      if (text.starts_with('-')) {
        exports = exports || text.find('x') != std::string::npos;
      } else if (const auto variable = assignment(words[i])) {
        set(*variable, exports);
      } else if (const auto at = variables_.find(text); exports && at != variables_.end()) {
        exportIt({text, at->second});
      }
    }
  }

  /// set -a, set -- a b
  void setOptions(const std::vector<ShellWord>& words, std::size_t at) {
    for (; at < words.size(); ++at) {
      const std::string& text = words[at].text;
      if (!text.starts_with('-') && !text.starts_with('+')) break;
      const bool on = text[0] == '-';
      if (text == "--") {
        ++at;
        replaceParameters(words, at);
        return;
      }
      if (text.find('a') != std::string::npos) exportAll_ = on;
      if (text.find('o') == std::string::npos || at + 1 >= words.size()) continue;
      if (words[++at].text == "allexport") exportAll_ = on;
    }
    if (at < words.size()) replaceParameters(words, at);
  }

  void replaceParameters(const std::vector<ShellWord>& words, std::size_t from) {
    parameters_.resize(1);
    parameters_.insert(parameters_.end(), words.begin() + static_cast<std::ptrdiff_t>(from), words.end());
  }

  void evaluate(const std::vector<ShellWord>& words, std::size_t from) {
    std::string script;
    for (std::size_t i = from; i < words.size(); ++i) script.append(i > from ? " " : "").append(words[i].text);
    readNested(script);
  }

  /// Those that change what follows; false for a command that runs something.
  bool builtin(const std::vector<ShellWord>& words, std::size_t at) {
    const std::string& name = words[at].text;
    if (name == "export" || name == "declare" || name == "typeset" || name == "local" || name == "readonly") {
      declare(words, at);
    } else if (name == "for" || name == "select") {
      if (at + 1 < words.size()) variables_.insert_or_assign(words[at + 1].text, ShellValue{true, false, ""});
    } else if (name == "read") {
      for (std::size_t i = at + 1; i < words.size(); ++i) variables_.insert_or_assign(words[i].text, ShellValue{true, false, ""});
    } else if (name == "unset") {
      for (std::size_t i = at + 1; i < words.size(); ++i) {
        variables_.erase(words[i].text);
        exportIt({words[i].text, {false, true, ""}});
      }
    } else if (name == "set") {
      setOptions(words, at + 1);
    } else if (name == "shift") {
      if (parameters_.size() > 1) parameters_.erase(parameters_.begin() + 1);
    } else {
      // Of words that are not known the text is no script.
      const bool known = std::all_of(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(), [](const ShellWord& w) { return w.known; });
      if (name != "eval" || !known) return false;
      evaluate(words, at + 1);
    }
    return true;
  }

  void endCommand() {
    std::vector<ShellWord> words = std::move(command_);
    command_.clear();
    std::vector<ShellVariable> assigned;
    std::size_t first = 0;
    for (; first < words.size(); ++first) {
      const std::string& text = words[first].text;
      if (text == "function") {  // function name { ...
        first = std::min(first + 1, words.size() - 1);
      } else if (std::find(kKeywords.begin(), kKeywords.end(), text) == kKeywords.end()) {
        auto variable = assignment(words[first]);
        if (!variable) break;
        if (assigned.size() < kMaxVariables) assigned.push_back(std::move(*variable));
      }
    }
    if (first == words.size()) {
      for (const ShellVariable& variable : assigned) set(variable, false);
    } else if (!builtin(words, first)) {
      ShellCommand command;
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first));
      command.words = std::move(words);
      command.assigned = std::move(assigned);
      command.exports = exported_.size();
      commands_.push_back(std::move(command));
    }
  }

  bool exportAll_ = false;
  std::vector<ShellVariable> exported_;
  std::vector<ShellWord> command_;
  std::vector<ShellCommand> commands_;
  std::vector<std::string> hereEnds_;
};

}  // namespace

bool isShell(std::string_view program) { return std::find(kShells.begin(), kShells.end(), program) != kShells.end(); }

std::vector<ShellCommand> readShell(std::string_view script, const ShellLookup& lookup,
                                    const std::vector<ShellWord>& parameters) {
  return Reader(script, lookup, parameters).run();
}

}  // namespace rightslice::model
