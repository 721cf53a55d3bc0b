#include "policy/flag_edit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/writer.hpp"
#include "model/flag_table.hpp"
#include "policy/script_edit.hpp"

namespace rightslice::policy {
namespace {

using model::EngineRun;
using model::Invocation;
using Op = json::PatchOperation::Op;
using workload::CommandText;

/// Each try reads the whole command line again, and hostile ones are long.
constexpr int kMostTries = 32;

bool isVariable(std::string_view flag) { return !flag.starts_with('-'); }

class Editor {
 public:
  explicit Editor(const workload::Container& container)
      : container_(container), before_(container.asWritten()), text_(before_), wanted_(read(before_)) {}

  FlagEdit run(const model::FlagList& flags) {
    if (flags.empty()) return {};
    if (container_.gathered) return {{}, "the command line is put together from several fields of the object"};
    if (wanted_.engine == nullptr) return {{}, "no engine is recognised in its command line"};
    for (const auto& [flag, value] : flags) {
      expect(flag, value);
      if (!(isVariable(flag) ? setVariable(flag, value) : setFlag(flag, value)))
        return {{}, fmt::format("{} cannot surely be written into this command line", flag)};
    }
    return {patch(), ""};
  }

 private:
  EngineRun read(const CommandText& text) const { return model::readInvocation(container_.withText(text)); }

  /// What the settings shall be once the flag says this.
  void expect(std::string_view flag, const std::string& value) {
    const model::FlagNames& names = wanted_.flagNames();
    const std::string_view name = flag.substr(isVariable(flag) ? 0 : 2);
    model::Settings& settings = wanted_.settings;
    const auto count = [&](std::optional<std::int64_t>& target) { target = model::humanInteger(value); };
    if (name == names.fraction) settings.memoryFraction = model::decimalNumber(value);
    else if (name == names.maxLength) count(settings.maxModelLen), settings.maxModelLenAuto = false;
    else if (name == names.sequences) count(settings.maxNumSeqs);
    else if (name == names.batchTokens) count(settings.maxNumBatchedTokens);
    else if (name == names.eager) settings.enforceEager = true;
    kvChanges_ = kvChanges_ || name == names.kvDtype;
    changed_.push_back(isVariable(flag) ? fmt::format("env {}:", flag) : fmt::format("--{}:", model::canonicalFlag(flag)));
  }

  /// The container runs as before but for what was expected.
  bool isRight(const CommandText& text) const {
    const EngineRun after = read(text);
    model::Settings wanted = wanted_.settings;
    if (kvChanges_) {
      if (!after.settings.kvCacheDtype || after.settings.kvCacheDtype == read(before_).settings.kvCacheDtype) return false;
      wanted.kvCacheDtype = after.settings.kvCacheDtype;
    }
    // What was not known before may stay so, but not what was changed.
    const auto known = [&](const std::string& open) {
      const bool changed = std::any_of(changed_.begin(), changed_.end(), [&](const std::string& flag) { return open.starts_with(flag); });
      return !changed && std::find(wanted_.open.begin(), wanted_.open.end(), open) != wanted_.open.end();
    };
    return after.engine == wanted_.engine && after.backend == wanted_.backend && after.model == wanted_.model &&
           after.gguf == wanted_.gguf && after.version == wanted_.version && after.multiNode == wanted_.multiNode &&
           after.settings == wanted && after.badFlags.size() <= wanted_.badFlags.size() &&
           std::all_of(after.open.begin(), after.open.end(), known);
  }

  bool take(CommandText changed) {
    if (tries_ == kMostTries) return false;
    ++tries_;
    if (!isRight(changed)) return false;
    text_ = std::move(changed);
    return true;
  }

  // Variables.

  bool setVariable(std::string_view name, const std::string& value) {
    CommandText changed = text_;
    auto& env = changed.env;
    const auto last = std::find_if(env.rbegin(), env.rend(), [&](const Invocation::Env& entry) { return entry.name == name; });
    if (last == env.rend()) return addVariable(name, value);
    if (!last->value) return false;  // from a Secret or a ConfigMap
    last->value = value;
    return take(std::move(changed));
  }

  /// In front, where nothing refers to what follows.
  bool addVariable(std::string_view name, const std::string& value) {
    if (before_.env.empty() || !added_.empty()) return false;
    CommandText changed = text_;
    changed.env.insert(changed.env.begin(), Invocation::Env{std::string(name), value});
    if (!take(std::move(changed))) return false;
    added_ = name;
    return true;
  }

  /// The variable's value, where the flag alone uses it.
  bool setThroughReference(std::string_view reference, const std::string& value) {
    const std::string_view name = referenced(reference);
    if (name.empty()) return false;
    std::size_t uses = 0;
    for (const auto* words : {&text_.command, &text_.args})
      for (const std::string& word : *words) uses += references(word, name);
    for (const Invocation::Env& entry : text_.env) uses += entry.value ? references(*entry.value, name) : 0;
    const bool literal =
        std::any_of(text_.env.begin(), text_.env.end(), [&](const Invocation::Env& e) { return e.name == name && e.value; });
    return uses == 1 && literal && setVariable(name, value);
  }

  // Words.

  bool setFlag(const std::string& flag, const std::string& value) {
    const std::string name = model::canonicalFlag(flag);
    const EngineRun now = read(text_);
    const auto at = now.places.find(name);
    if (at == now.places.end()) return addFlag(flag, value, now);
    const EngineRun::FlagPlace& place = at->second;
    if (!place.variable.empty()) return setVariable(place.variable, value);
    auto& words = place.inArgs ? text_.args : text_.command;
    if (place.index >= words.size()) return false;
    if (place.inShell) return setInScript(place, name, value);
    const std::size_t index = place.joined ? place.index : place.index + 1;
    if (value.empty() || index >= words.size()) return false;
    const std::size_t start = place.joined ? words[index].find('=') + 1 : 0;
    if (setThroughReference(std::string_view(words[index]).substr(start), value)) return true;
    CommandText changed = text_;
    (place.inArgs ? changed.args : changed.command)[index].replace(start, std::string::npos, value);
    return take(std::move(changed));
  }

  bool setInScript(const EngineRun::FlagPlace& place, const std::string& name, const std::string& value) {
    const std::string& script = (place.inArgs ? text_.args : text_.command)[place.index];
    const auto at = valueInScript(script, name);
    if (!at || value.empty()) return false;
    if (setThroughReference(std::string_view(script).substr(at->offset, at->length), value)) return true;
    CommandText changed = text_;
    (place.inArgs ? changed.args : changed.command)[place.index].replace(at->offset, at->length, value);
    return take(std::move(changed));
  }

  /// A flag that is not written yet. The engine's words end a list, or stand in a script.
  bool addFlag(const std::string& flag, const std::string& value, const EngineRun& now) {
    // Recognised by its image alone, behind a program that is not known: what that does with words is not known either.
    if (now.engineConfidence < model::Confidence::High && !text_.command.empty()) return false;
    for (const bool inArgs : {true, false}) {
      if (!(inArgs ? text_.args : text_.command).empty() && addToList(inArgs, flag, value)) return true;
    }
    for (const bool inArgs : {true, false}) {
      const auto& words = inArgs ? text_.args : text_.command;
      for (std::size_t index = 0; index < words.size(); ++index) {
        if (addToScript({inArgs, index}, flag, value, now)) return true;
      }
    }
    const model::FlagNames& names = now.flagNames();
    return names.hasVariables && !value.empty() && text_.args.empty() && text_.command.empty() &&
           addVariable(variableOf(names.variablePrefix, flag), value);
  }

  static std::string variableOf(std::string_view prefix, std::string_view flag) {
    std::string name(prefix);
    for (const char c : flag.substr(2)) name += c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    return name;
  }

  bool addToList(bool inArgs, const std::string& flag, const std::string& value) {
    CommandText changed = text_;
    auto& words = inArgs ? changed.args : changed.command;
    // As the others are written: in one word or in two. Nothing behind "--" is a flag.
    const bool joined = std::any_of(words.begin(), words.end(), [](const std::string& word) {
      return word.starts_with("--") && word.find('=') != std::string::npos && word.find(' ') == std::string::npos;
    });
    auto at = std::find(words.begin(), words.end(), "--");
    if (value.empty()) {
      words.insert(at, flag);
    } else if (joined) {
      words.insert(at, flag + "=" + value);
    } else {
      at = words.insert(at, value);
      words.insert(at, flag);
    }
    return take(std::move(changed));
  }

  struct Script {
    bool inArgs;
    std::size_t index;
  };
  /// Before a flag of the engine that is found in the text, else behind the model's name.
  bool addToScript(Script place, const std::string& flag, const std::string& value, const EngineRun& now) {
    const std::string& script = (place.inArgs ? text_.args : text_.command)[place.index];
    if (script.find(' ') == std::string::npos) return false;
    const std::string text = value.empty() ? flag : flag + " " + value;
    const auto insert = [&](std::size_t offset, const std::string& inserted) {
      CommandText changed = text_;
      (place.inArgs ? changed.args : changed.command)[place.index].insert(offset, inserted);
      return take(std::move(changed));
    };
    for (const auto& [name, where] : now.places) {
      if (!where.inShell || where.inArgs != place.inArgs || where.index != place.index) continue;
      if (const auto offset = flagInScript(script, name); offset && insert(*offset, text + " ")) return true;
    }
    if (!now.model) return false;
    const std::size_t offset = script.find(*now.model);
    if (offset == std::string::npos) return false;
    const std::size_t end = std::min(script.find_first_of(" \t\n\r;&|)\\", offset + now.model->size()), script.size());
    return insert(end, " " + text);
  }

  // The patch.

  json::Patch patch() const {
    json::Patch patch;
    for (const auto& [name, before, after] : {std::tuple{"command", &before_.command, &text_.command},
                                              std::tuple{"args", &before_.args, &text_.args}}) {
      listPatch(patch, fmt::format("{}/{}", container_.pointer, name), *before, *after);
    }
    const std::size_t shift = text_.env.size() - before_.env.size();
    for (std::size_t i = 0; i < before_.env.size(); ++i) {
      if (before_.env[i].value == text_.env[i + shift].value) continue;
      replace(patch, fmt::format("{}/env/{}/value", container_.pointer, i), *before_.env[i].value, *text_.env[i + shift].value);
    }
    if (shift == 1) {
      const Invocation::Env& entry = text_.env.front();
      patch.push_back({Op::Add, container_.pointer + "/env/0", "",
                       fmt::format(R"({{"name":{},"value":{}}})", json::quoted(entry.name), json::quoted(*entry.value))});
    }
    return patch;
  }

  static void replace(json::Patch& patch, const std::string& path, const std::string& before, const std::string& after) {
    patch.push_back({Op::Test, path, "", json::quoted(before)});
    patch.push_back({Op::Replace, path, "", json::quoted(after)});
  }

  /// Words were replaced, and more were put in at one place.
  static void listPatch(json::Patch& patch, const std::string& list, const std::vector<std::string>& before,
                        const std::vector<std::string>& after) {
    const std::size_t more = after.size() - before.size();
    std::size_t at = before.size();  // where they were put in
    if (const auto dashes = std::find(before.begin(), before.end(), "--"); dashes != before.end() && more > 0)
      at = static_cast<std::size_t>(dashes - before.begin());
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string& now = after[i < at ? i : i + more];
      if (now != before[i]) replace(patch, fmt::format("{}/{}", list, i), before[i], now);
    }
    for (std::size_t i = 0; i < more; ++i)
      patch.push_back({Op::Add, fmt::format("{}/{}", list, at + i), "", json::quoted(after[at + i])});
  }

  const workload::Container& container_;
  const CommandText before_;
  CommandText text_;
  EngineRun wanted_;
  int tries_ = 0;
  bool kvChanges_ = false;
  std::vector<std::string> changed_;  ///< how notes on these flags begin
  std::string added_;  ///< a variable that was put in
};

}  // namespace

FlagEdit editFlags(const workload::Container& container, const model::FlagList& flags) { return Editor(container).run(flags); }

}  // namespace rightslice::policy
