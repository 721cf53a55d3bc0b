#include "cli/program_name.hpp"

#include <algorithm>

namespace rightslice::cli {

namespace {

constexpr std::string_view kOwn = "rightslice", kPlugin = "kubectl rightslice";
std::string_view called = kOwn;
std::vector<std::string> words;

bool isWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
}

/// A command or a flag follows; not "rightslice - puts ...", and not the name in a sentence.
bool isCommand(std::string_view after) {
  if (!after.starts_with(' ')) return false;
  after.remove_prefix(1);
  if (after.starts_with("COMMAND") || after.starts_with("--")) return true;
  std::size_t end = 0;
  while (end < after.size() && isWord(after[end])) ++end;
  return std::find(words.begin(), words.end(), after.substr(0, end)) != words.end();
}

}  // namespace

std::string_view programName(std::string_view argv0) {
  std::string_view name = argv0.substr(argv0.find_last_of("/\\") + 1);
  if (name.ends_with(".exe")) name.remove_suffix(4);
  return name == "kubectl-rightslice" ? kPlugin : kOwn;
}

void setProgramName(std::string_view argv0, std::vector<std::string> commands) {
  called = programName(argv0);
  words = std::move(commands);
}

std::string asCalled(std::string_view text) {
  if (called == kOwn) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool starts = text.substr(at).starts_with(kOwn) && (at == 0 || (!isWord(text[at - 1]) && !std::string_view(out).ends_with("kubectl ")));
    if (starts && isCommand(text.substr(at + kOwn.size()))) {
      out += called;
      at += kOwn.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace rightslice::cli
