#include "workload/download.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "model/shell.hpp"

namespace rightslice::workload {
namespace {

struct Download {
  std::string by, repository, folder;
};

std::string_view lastSegment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view withoutSlash(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

/// huggingface-cli download REPOSITORY [FILE]... --local-dir FOLDER, also behind what runs it; nothing where a word is not known.
std::optional<Download> downloadOf(const std::vector<model::ShellWord>& words) {
  constexpr std::string_view kFolder = "--local-dir";
  constexpr std::string_view kSwitches[] = {"--quiet", "--force-download", "--resume-download", "--no-force-download"};
  const auto program = std::find_if(words.begin(), words.end(), [](const model::ShellWord& word) {
    return lastSegment(word.text) == "huggingface-cli" || lastSegment(word.text) == "hf";
  });
  if (words.end() - program < 3 || program[1].text != "download") return std::nullopt;
  Download found;
  for (auto word = program + 2; word != words.end(); ++word) {
    if (!word->known) return std::nullopt;
    const std::string_view text = word->text;
    if (text == kFolder) {
      if (word + 1 != words.end()) found.folder = (++word)->text;
    } else if (text.starts_with(kFolder) && text.substr(kFolder.size()).starts_with('=')) {
      found.folder = text.substr(kFolder.size() + 1);
    } else if (!text.starts_with('-')) {
      if (found.repository.empty()) found.repository = text;
    } else if (text.find('=') == std::string_view::npos && std::find(std::begin(kSwitches), std::end(kSwitches), text) == std::end(kSwitches) &&
               word + 1 != words.end()) {
      ++word;  // its value
    }
  }
  if (found.folder.empty() || std::count(found.repository.begin(), found.repository.end(), '/') != 1) return std::nullopt;
  return found;
}

std::vector<Download> downloadsOf(const Container& container) {
  const model::Invocation& invocation = container.invocation;
  const auto variable = [&](std::string_view name) -> model::ShellValue {
    const auto entry = std::find_if(invocation.env.rbegin(), invocation.env.rend(), [&](const auto& each) { return each.name == name; });
    if (entry == invocation.env.rend()) return {false, !invocation.envIncomplete, ""};
    return {true, entry->value.has_value(), entry->value.value_or("")};
  };
  std::vector<std::string> all = invocation.command;
  all.insert(all.end(), invocation.args.begin(), invocation.args.end());
  std::vector<Download> found;
  const auto take = [&](const std::vector<model::ShellWord>& words) {
    if (auto download = downloadOf(words)) {
      download->by = container.name;
      found.push_back(std::move(*download));
    }
  };
  if (all.size() > 2 && model::isShell(lastSegment(all.front()))) {
    const auto script = std::find_if(all.begin() + 1, all.end(), [](const std::string& word) { return !word.starts_with('-'); });
    if (script == all.end()) return found;
    for (const model::ShellCommand& command : model::readShell(*script, variable, {})) take(command.words);
  } else {
    std::vector<model::ShellWord> words;
    for (const std::string& word : all) words.push_back({word, true, {}});
    take(words);
  }
  return found;
}

/// Whether the folder stands in the container's words or variables, and nothing that lies in it: that would be another model.
bool names(const model::Invocation& invocation, std::string_view folder) {
  constexpr std::string_view kEnds = " \t\n\"'=;&|)";
  bool named = false, below = false;
  const auto look = [&](std::string_view text) {
    for (std::size_t at = text.find(folder); at != std::string_view::npos; at = text.find(folder, at + 1)) {
      if (at > 0 && kEnds.find(text[at - 1]) == std::string_view::npos) continue;
      std::string_view after = text.substr(at + folder.size());
      const bool slash = after.starts_with('/');
      if (slash) after.remove_prefix(1);
      const bool ends = after.empty() || kEnds.find(after.front()) != std::string_view::npos;
      named = named || ends;
      below = below || (slash && !ends);
    }
  };
  for (const std::string& word : invocation.command) look(word);
  for (const std::string& word : invocation.args) look(word);
  for (const auto& entry : invocation.env) look(entry.value.value_or(""));
  return named && !below;
}

}  // namespace

void attachDownloads(PodTemplate& pod) {
  for (const Container& by : pod.containers) {
    if (!by.init) continue;
    for (const Download& download : downloadsOf(by)) {
      const std::string_view folder = withoutSlash(download.folder);
      if (folder.size() < 2 || !folder.starts_with('/')) continue;
      for (Container& container : pod.containers) {
        if (container.init || !container.invocation.told.empty() || !names(container.invocation, folder)) continue;
        model::Invocation::Told told;
        told.from = fmt::format("init container {}", download.by);
        told.model = download.repository;
        told.mountPath = folder;
        container.invocation.told.push_back(std::move(told));
      }
    }
  }
}

}  // namespace rightslice::workload
