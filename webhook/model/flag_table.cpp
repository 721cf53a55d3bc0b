#include "model/flag_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "base/nearest.hpp"
#include "model/disclosure.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

bool looksLikeFlag(const ShellWord& word) {
  const std::string& text = word.text;
  if (text.size() < 2 || text[0] != '-') return false;
  return !(isDigitAscii(text[1]) || text[1] == '.');  // -1 is a value
}

/// A setter that fails must leave what an earlier flag said, because the engine refuses the last one.
void apply(const FlagTable& table, const Flag& flag, std::string_view shown, const ShellWord& value, EngineRun& run) {
  if (flag.set == nullptr) return;
  if (!value.known) {
    remember(run.open, fmt::format("{}: its value comes from {}, which is not known here", shown, toldReference(value.unknown)));
  } else if (!flag.set(value.text, run)) {
    remember(run.badFlags, fmt::format("{}: {} does not take the value '{}'", shown, table.title, value.text.substr(0, 80)));
  }
}

void noteOpen(const Flag& flag, std::string_view shown, bool off, EngineRun& run) {
  if (flag.open.empty()) return;
  std::string text = fmt::format("{}: {}", shown, flag.open);
  if (off) std::erase(run.open, text);
  else remember(run.open, std::move(text));
}

bool isOff(std::string_view word) {
  const std::string text = lowered(word);
  return text == "false" || text == "0" || text == "no" || text == "off";
}

std::string variableOf(const FlagTable& table, const Flag& flag) {
  if (!flag.env.empty()) return std::string(flag.env);
  if (!table.hasEnv) return {};
  std::string name(table.envPrefix);
  for (const char c : flag.name) name += c == '-' ? '_' : upperAscii(c);
  return name;
}

void readVariables(const FlagTable& table, const FlagSource& source, EngineRun& run) {
  for (const Flag& flag : table.flags) {
    const std::string name = variableOf(table, flag);
    if (name.empty()) continue;
    const ShellValue value = source.variable(name);
    if (!value.isSet || (value.known && value.text.empty())) continue;
    const std::string shown = "env " + name;
    if (flag.takes == Takes::Nothing) {
      const bool off = value.known && isOff(value.text);
      apply(table, flag, shown, {off ? "false" : "true", value.known, "$" + name}, run);
      noteOpen(flag, shown, off, run);
      continue;
    }
    apply(table, flag, shown, {value.text, value.known, "$" + name}, run);
    noteOpen(flag, shown, false, run);
    EngineRun::FlagPlace place;
    place.index = kNoPlace;
    place.variable = name;
    run.places.insert_or_assign(std::string(flag.name), std::move(place));
  }
}

/// Two letters at most, of names long enough that no other flag stands as near: --max-modle-len, --gpu-memory-utilisation.
void sayMisspelt(const FlagTable& table, std::string_view word, std::string_view name, EngineRun& run) {
  constexpr std::size_t kLong = 9;
  constexpr int kMostLetters = 2;
  if (!table.saysMisspelt || !word.starts_with("--") || name.size() < kLong) return;
  std::vector<std::string> weighty;
  for (const Flag& flag : table.flags)
    if ((flag.set != nullptr || !flag.open.empty()) && flag.name.size() >= kLong) weighty.emplace_back(flag.name);
  if (const auto meant = nearest(name, weighty, kMostLetters))
    remember(run.badFlags, fmt::format("--{}: {} has no such flag; did you mean --{}?", name, table.title, *meant));
}

}  // namespace

const Flag* FlagTable::find(std::string_view name) const {
  for (const Flag& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

const Flag* FlagTable::findBeginning(std::string_view beginning) const {
  const Flag* only = nullptr;
  if (!abbreviates || beginning.empty()) return only;
  for (const Flag& flag : flags) {
    if (!flag.name.starts_with(beginning)) continue;
    if (only != nullptr) return nullptr;
    only = &flag;
  }
  // Of the flags without a meaning here another may be left out that has this very name.
  return only != nullptr && only->set != nullptr ? only : nullptr;
}

void remember(std::vector<std::string>& list, std::string text) {
  constexpr std::size_t kMost = 200;  // each is looked for among all before it, and nobody reads so many
  if (list.size() >= kMost) return;
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

std::string canonicalFlag(std::string_view word, std::span<const ShortFlag> shorts) {
  if (word.size() < 2 || word[0] != '-') return {};
  word.remove_prefix(word[1] == '-' ? 2 : 1);
  word = word.substr(0, word.find('='));
  for (const auto& [alias, longName] : shorts) {
    if (word == alias) return std::string(longName);
  }
  std::string name(word);
  for (char& c : name) c = c == '_' ? '-' : lowerAscii(c);
  return name;
}

std::optional<double> decimalNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> humanInteger(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double factor = 1;
  bool decimalUnit = false;
  constexpr std::string_view kUnits = "kmgt";
  if (const auto unit = kUnits.find(lowerAscii(text.back())); unit != std::string_view::npos) {
    decimalUnit = text.back() == kUnits[unit];
    factor = std::pow(decimalUnit ? 1000.0 : 1024.0, static_cast<double>(unit + 1));
    text.remove_suffix(1);
  }
  const bool plain =
      !text.empty() && std::all_of(text.begin() + (text[0] == '-' || text[0] == '+' ? 1 : 0), text.end(), isDigitAscii);
  if (!plain && !decimalUnit) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto number = decimalNumber(text);
  if (!number) return std::nullopt;
  const double value = std::floor(*number * factor + 1e-6);
  if (value >= static_cast<double>(kMaxBytes)) return kMaxBytes;
  if (value <= -static_cast<double>(kMaxBytes)) return -kMaxBytes;
  if (factor > 1) return static_cast<std::int64_t>(value);
  std::int64_t exact = 0;
  std::from_chars(text.data(), text.data() + text.size(), exact);
  return exact;
}

void readFlags(const FlagTable& table, FlagSource& source, EngineRun& run) {
  readVariables(table, source, run);
  const std::vector<PlacedWord>& words = source.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const ShellWord& word = words[i].word;
    if (word.text == "--") continue;
    if (!looksLikeFlag(word)) {
      source.positional.push_back(words[i]);
      continue;
    }
    if (const auto blank = word.text.find_first_of(" \t"); word.known && blank < word.text.find('=')) {
      remember(run.badFlags, fmt::format("'{} ...' is one argument with a blank in it: write the flag and its value as two", toldWord(word.text)));
      continue;
    }
    std::string name = canonicalFlag(word.text, table.shorts);
    name = name.substr(0, name.find('.'));  // --speculative-config.model x
    const auto equals = word.text.find('=');
    bool negated = false;
    const Flag* flag = table.find(name);
    if (flag == nullptr && name.starts_with("no-")) {
      flag = table.find(std::string_view(name).substr(3));
      negated = flag != nullptr && flag->takes == Takes::Nothing;
      if (!negated) flag = nullptr;
    }
    if (flag == nullptr && word.text.starts_with("--")) flag = table.findBeginning(name);
    if (flag == nullptr && word.known) sayMisspelt(table, word.text, name, run);
    std::optional<PlacedWord> joined;
    std::span<const PlacedWord> values;
    EngineRun::FlagPlace place = words[i].place;
    place.joined = equals != std::string::npos;
    if (place.joined) {
      joined = words[i];
      joined->word.text.erase(0, equals + 1);
      values = {&*joined, 1};
    } else if (flag == nullptr || flag->takes != Takes::Nothing) {
      const bool several = flag != nullptr && flag->takes == Takes::Several;
      const std::size_t first = i + 1;
      while (i + 1 < words.size() && !looksLikeFlag(words[i + 1].word) && (i + 1 == first || several)) ++i;
      values = std::span(words).subspan(first, i + 1 - first);
    } else if (i + 1 < words.size() &&
               (lowered(words[i + 1].word.text) == "true" || lowered(words[i + 1].word.text) == "false")) {
      values = std::span(words).subspan(++i, 1);
    }
    if (flag == nullptr) continue;
    if (place.index != kNoPlace) run.places.insert_or_assign(std::string(flag->name), place);
    const std::string shown = std::string("--").append(flag->name);
    if (flag->takes == Takes::Nothing) {
      const bool off = negated || (!values.empty() && isOff(values.front().word.text));
      if (flag->set != nullptr) flag->set(off ? "false" : "true", run);
      noteOpen(*flag, shown, off, run);
      continue;
    }
    if (flag->name == table.servedNames) source.servedNames.assign(values.begin(), values.end());
    noteOpen(*flag, shown, false, run);
    if (values.empty() && flag->takes == Takes::Perhaps) flag->set("", run);
    else if (values.empty()) remember(run.badFlags, fmt::format("{}: {} wants a value", shown, table.title));
    else if (flag->takes != Takes::Several) apply(table, *flag, shown, values.front().word, run);
    else if (flag->set != nullptr)
      for (const PlacedWord& value : values) apply(table, *flag, shown, value.word, run);
  }
}

bool setCount(std::string_view value, std::optional<std::int64_t>& target) {
  const auto number = humanInteger(value);
  if (!number || *number < 1) return false;
  target = *number;
  return true;
}

bool setModel(std::string_view value, EngineRun& run) {
  run.model = std::string(value);
  return !value.empty();
}

bool setFraction(std::string_view value, EngineRun& run) {
  const auto number = decimalNumber(value);
  if (!number || *number <= 0 || *number > 1) return false;
  run.settings.memoryFraction = *number;
  return true;
}

bool setDtype(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  const struct {
    std::string_view word, dtype;
  } words[] = {{"half", "float16"},      {"float16", "float16"}, {"fp16", "float16"},
               {"bfloat16", "bfloat16"}, {"bf16", "bfloat16"},   {"float", "float32"},
               {"float32", "float32"},   {"fp32", "float32"},    {"auto", "auto"}};
  for (const auto& [word, dtype] : words) {
    if (text == word) {
      run.settings.dtype = std::string(dtype);
      return true;
    }
  }
  return false;
}

bool setQuantization(std::string_view value, EngineRun& run) {
  if (lowered(value) == "none" || lowered(value) == "null") run.settings.quantization.reset();
  else run.settings.quantization = std::string(value);
  return true;
}

bool setKvCacheDtype(std::string_view value, EngineRun& run) {
  run.settings.kvCacheDtype = lowered(value);
  return !value.empty();
}

bool setNodes(std::string_view value, EngineRun& run) {
  const auto number = humanInteger(value);
  if (!number) return false;
  if (*number > 1) run.multiNode = true;
  return true;
}

bool setTensorParallel(std::string_view value, EngineRun& run) { return setCount(value, run.settings.tensorParallelSize); }
bool setPipelineParallel(std::string_view value, EngineRun& run) { return setCount(value, run.settings.pipelineParallelSize); }
bool setMaxModelLen(std::string_view value, EngineRun& run) { return setCount(value, run.settings.maxModelLen); }
bool setMaxNumSeqs(std::string_view value, EngineRun& run) { return setCount(value, run.settings.maxNumSeqs); }
bool setMaxNumBatchedTokens(std::string_view value, EngineRun& run) { return setCount(value, run.settings.maxNumBatchedTokens); }

}  // namespace rightslice::model
