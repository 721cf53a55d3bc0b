#include "model/vllm_flags.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

enum class Takes { Value, Several, Nothing };

/// Reads a value into the settings; false if the engine would refuse it.
using Setter = bool (*)(std::string_view value, EngineRun& run);

struct Flag {
  std::string_view name;
  Takes takes = Takes::Value;
  Setter set = nullptr;
  std::string_view open = {};  ///< why it takes memory that is not modelled
};

bool setCount(std::string_view value, std::optional<std::int64_t>& target) {
  const auto number = humanInteger(value);
  if (!number || *number < 1) return false;
  target = *number;
  return true;
}

std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool setMaxModelLen(std::string_view value, EngineRun& run) {
  run.settings.maxModelLenAuto = value == "auto" || value == "-1";
  if (run.settings.maxModelLenAuto) {
    run.settings.maxModelLen.reset();
    return true;
  }
  return setCount(value, run.settings.maxModelLen);
}

bool setFraction(std::string_view value, EngineRun& run) {
  const auto number = decimal(value);
  if (!number || *number <= 0 || *number > 1) return false;
  run.settings.memoryFraction = *number;
  return true;
}

bool setOffload(std::string_view value, EngineRun& run) {
  const auto number = decimal(value);
  if (!number || *number < 0) return false;
  if (*number > 0) run.settings.cpuOffloadGb = *number;
  else run.settings.cpuOffloadGb.reset();
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

bool setLoadFormat(std::string_view value, EngineRun& run) {
  const std::string text = lowered(value);
  if ((text == "bitsandbytes" || text == "gguf") && !run.settings.quantization) run.settings.quantization = text;
  return true;
}

bool setRunner(std::string_view value, EngineRun& run) {
  run.settings.pooling = value != "generate" && value != "auto" && value != "none";
  return true;
}

bool setMediaLimit(std::string_view value, EngineRun& run) {  // {"image": 0} or image=0,video=0
  bool digits = false;
  bool onlyZeros = true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!isDigitAscii(value[i])) continue;
    digits = true;
    if (value[i] != '0') onlyZeros = false;
  }
  run.settings.textOnly = digits && onlyZeros;
  return true;
}

bool setNodes(std::string_view value, EngineRun& run) {
  const auto number = humanInteger(value);
  if (!number) return false;
  if (*number > 1) run.multiNode = true;
  return true;
}

#define RIGHTSLICE_COUNT(member) [](std::string_view v, EngineRun& run) { return setCount(v, run.settings.member); }

const Flag kFlags[] = {
    // What decides the need.
    {"model", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       run.model = std::string(v);
       return !v.empty();
     }},
    {"model-tag", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       run.model = std::string(v);
       return !v.empty();
     }},
    {"tensor-parallel-size", Takes::Value, RIGHTSLICE_COUNT(tensorParallelSize)},
    {"pipeline-parallel-size", Takes::Value, RIGHTSLICE_COUNT(pipelineParallelSize)},
    {"data-parallel-size", Takes::Value, RIGHTSLICE_COUNT(dataParallelSize)},
    {"max-model-len", Takes::Value, setMaxModelLen},
    {"max-num-seqs", Takes::Value, RIGHTSLICE_COUNT(maxNumSeqs)},
    {"max-num-batched-tokens", Takes::Value, RIGHTSLICE_COUNT(maxNumBatchedTokens)},
    {"block-size", Takes::Value, RIGHTSLICE_COUNT(blockSize)},
    {"gpu-memory-utilization", Takes::Value, setFraction},
    {"dtype", Takes::Value, setDtype},
    {"quantization", Takes::Value, setQuantization},
    {"kv-cache-dtype", Takes::Value,
     [](std::string_view v, EngineRun& run) {
       run.settings.kvCacheDtype = lowered(v);
       return !v.empty();
     }},
    {"kv-cache-memory-bytes", Takes::Value, RIGHTSLICE_COUNT(kvCacheMemoryBytes)},
    {"kv-cache-memory", Takes::Value, RIGHTSLICE_COUNT(kvCacheMemoryBytes)},
    {"num-gpu-blocks-override", Takes::Value, RIGHTSLICE_COUNT(numGpuBlocks)},
    {"cpu-offload-gb", Takes::Value, setOffload},
    {"load-format", Takes::Value, setLoadFormat},
    {"task", Takes::Value, setRunner},
    {"runner", Takes::Value, setRunner},
    {"convert", Takes::Value, setRunner},
    {"limit-mm-per-prompt", Takes::Value, setMediaLimit},
    {"enforce-eager", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.enforceEager = v != "false";
       return true;
     }},
    {"language-model-only", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.textOnly = v != "false";
       return true;
     }},
    {"disable-hybrid-kv-cache-manager", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.settings.hybridCacheDisabled = v != "false";
       return true;
     }},
    {"headless", Takes::Nothing,
     [](std::string_view v, EngineRun& run) {
       run.multiNode = run.multiNode || v != "false";
       return true;
     }},
    {"nnodes", Takes::Value, setNodes},
    {"node-rank", Takes::Value, nullptr},
    {"data-parallel-address", Takes::Value,
     [](std::string_view, EngineRun& run) {
       run.multiNode = true;
       return true;
     }},
    {"served-model-name", Takes::Several, nullptr},
    // What takes memory and is not modelled.
    {"config", Takes::Value, nullptr, "the values in a config file are not visible here"},
    {"enable-lora", Takes::Nothing, nullptr, "LoRA adapters are not modelled"},
    {"lora-modules", Takes::Several, nullptr, "LoRA adapters are not modelled"},
    {"enable-prompt-adapter", Takes::Nothing, nullptr, "prompt adapters are not modelled"},
    {"prompt-adapters", Takes::Several, nullptr, "prompt adapters are not modelled"},
    {"speculative-config", Takes::Value, nullptr, "the draft model is not modelled"},
    {"speculative-model", Takes::Value, nullptr, "the draft model is not modelled"},
    {"kv-transfer-config", Takes::Value, nullptr, "buffers of the KV connector are not modelled"},
    {"kv-offloading-size", Takes::Value, nullptr, "buffers of KV offloading are not modelled"},
    {"hf-overrides", Takes::Value, nullptr, "it may change the model's shape"},
    {"rope-scaling", Takes::Value, nullptr, "it changes the longest sequence"},
    {"num-redundant-experts", Takes::Value, nullptr, "redundant experts are not modelled"},
    {"enable-eplb", Takes::Nothing, nullptr, "redundant experts are not modelled"},
    {"enable-dbo", Takes::Nothing, nullptr, "the second batch of dual batch overlap is not modelled"},
    {"mm-processor-kwargs", Takes::Value, nullptr, "the size of images is not modelled"},
    {"additional-config", Takes::Value, nullptr, "its values are not modelled"},
    // No memory worth counting; listed so that their values are not taken for the model's name.
    {"allow-credentials", Takes::Nothing, nullptr},
    {"allowed-headers", Takes::Several, nullptr},
    {"allowed-methods", Takes::Several, nullptr},
    {"allowed-origins", Takes::Several, nullptr},
    {"api-key", Takes::Several, nullptr},
    {"middleware", Takes::Several, nullptr},
    {"async-scheduling", Takes::Nothing, nullptr},
    {"calculate-kv-scales", Takes::Nothing, nullptr},
    {"disable-async-output-proc", Takes::Nothing, nullptr},
    {"disable-cascade-attn", Takes::Nothing, nullptr},
    {"disable-custom-all-reduce", Takes::Nothing, nullptr},
    {"disable-fastapi-docs", Takes::Nothing, nullptr},
    {"disable-frontend-multiprocessing", Takes::Nothing, nullptr},
    {"disable-log-requests", Takes::Nothing, nullptr},
    {"disable-log-stats", Takes::Nothing, nullptr},
    {"disable-sliding-window", Takes::Nothing, nullptr},
    {"disable-uvicorn-access-log", Takes::Nothing, nullptr},
    {"enable-auto-tool-choice", Takes::Nothing, nullptr},
    {"enable-chunked-prefill", Takes::Nothing, nullptr},
    {"enable-expert-parallel", Takes::Nothing, nullptr},
    {"enable-log-requests", Takes::Nothing, nullptr},
    {"enable-prefix-caching", Takes::Nothing, nullptr},
    {"enable-prompt-tokens-details", Takes::Nothing, nullptr},
    {"enable-reasoning", Takes::Nothing, nullptr},
    {"enable-request-id-headers", Takes::Nothing, nullptr},
    {"enable-server-load-tracking", Takes::Nothing, nullptr},
    {"enable-sleep-mode", Takes::Nothing, nullptr},
    {"enable-ssl-refresh", Takes::Nothing, nullptr},
    {"enable-force-include-usage", Takes::Nothing, nullptr},
    {"enable-log-outputs", Takes::Nothing, nullptr},
    {"generation-config-override", Takes::Value, nullptr},
    {"multi-step-stream-outputs", Takes::Nothing, nullptr},
    {"ray-workers-use-nsight", Takes::Nothing, nullptr},
    {"return-tokens-as-token-ids", Takes::Nothing, nullptr},
    {"skip-tokenizer-init", Takes::Nothing, nullptr},
    {"trust-remote-code", Takes::Nothing, nullptr},
    {"use-v2-block-manager", Takes::Nothing, nullptr},
    {"verbose", Takes::Nothing, nullptr},
    {"port", Takes::Value, nullptr},
    {"host", Takes::Value, nullptr},
    {"tokenizer", Takes::Value, nullptr},
    {"seed", Takes::Value, nullptr},
};

#undef RIGHTSLICE_COUNT

const Flag* findFlag(std::string_view name) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

constexpr struct {
  std::string_view shortName, longName;
} kShort[] = {
    {"tp", "tensor-parallel-size"},
    {"pp", "pipeline-parallel-size"},
    {"dp", "data-parallel-size"},
    {"q", "quantization"},
    {"n", "nnodes"},
    {"r", "node-rank"},
    {"dpa", "data-parallel-address"},
    {"sc", "speculative-config"},
    {"cc", "compilation-config"},
    {"O", "optimization-level"},
    {"asc", "api-server-count"},
    {"ep", "enable-expert-parallel"},
    {"h", "help"},
};

bool looksLikeFlag(const ShellWord& word) {
  const std::string& text = word.text;
  if (text.size() < 2 || text[0] != '-') return false;
  return !(isDigitAscii(text[1]) || text[1] == '.');  // -1 is a value
}

void remember(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

/// A setter that fails must leave what an earlier flag said, because the engine refuses the last one.
void apply(const Flag& flag, const ShellWord& value, EngineRun& run) {
  if (!value.known) {
    if (flag.set != nullptr)
      remember(run.open,
               fmt::format("--{}: its value comes from {}, which is not known here", flag.name, value.unknown));
    return;
  }
  if (flag.set != nullptr && !flag.set(value.text, run)) {
    remember(run.badFlags, fmt::format("--{}: vLLM does not take the value '{}'", flag.name, value.text.substr(0, 80)));
  }
}

}  // namespace

std::string canonicalFlag(std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return {};
  const bool isLong = word[1] == '-';
  word.remove_prefix(isLong ? 2 : 1);
  word = word.substr(0, word.find('='));
  if (!isLong) {
    for (const auto& [shortName, longName] : kShort) {
      if (word == shortName) return std::string(longName);
    }
  }
  std::string name(word);
  std::replace(name.begin(), name.end(), '_', '-');
  return lowered(name);
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
  const auto number = decimal(text);
  if (!number) return std::nullopt;
  const double value = std::floor(*number * factor + 1e-6);
  if (value >= static_cast<double>(kMaxBytes)) return kMaxBytes;
  if (value <= -static_cast<double>(kMaxBytes)) return -kMaxBytes;
  if (factor > 1) return static_cast<std::int64_t>(value);
  std::int64_t exact = 0;
  std::from_chars(text.data(), text.data() + text.size(), exact);
  return exact;
}

FlagReading readVllmFlags(const std::vector<PlacedWord>& words, EngineRun& run) {
  FlagReading reading;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const ShellWord& word = words[i].word;
    if (word.text == "--") continue;
    if (!looksLikeFlag(word)) {
      reading.positional.push_back(words[i]);
      continue;
    }
    if (word.text.size() > 2 && word.text[0] == '-' && word.text[1] == 'O') continue;  // -O3, -O.level=3
    if (const auto blank = word.text.find_first_of(" \t"); word.known && blank < word.text.find('=')) {
      remember(run.badFlags, fmt::format("'{}' is one argument with a blank in it: write the flag and its value as two",
                                         word.text.substr(0, 80)));
      continue;
    }
    std::string name = canonicalFlag(word.text);
    name = name.substr(0, name.find('.'));  // --speculative-config.model x
    const auto equals = word.text.find('=');
    bool negated = false;
    const Flag* flag = findFlag(name);
    if (flag == nullptr && name.starts_with("no-")) {
      flag = findFlag(std::string_view(name).substr(3));
      negated = flag != nullptr && flag->takes == Takes::Nothing;
      if (!negated) flag = nullptr;
    }
    std::vector<PlacedWord> values;
    EngineRun::FlagPlace place = words[i].place;
    place.joined = equals != std::string::npos;
    if (place.joined) {
      PlacedWord value = words[i];
      value.word.text = word.text.substr(equals + 1);
      values.push_back(std::move(value));
    } else if (flag == nullptr || flag->takes != Takes::Nothing) {
      const bool several = flag != nullptr && flag->takes == Takes::Several;
      while (i + 1 < words.size() && !looksLikeFlag(words[i + 1].word) && (values.empty() || several))
        values.push_back(words[++i]);
    } else if (i + 1 < words.size() &&
               (lowered(words[i + 1].word.text) == "true" || lowered(words[i + 1].word.text) == "false")) {
      values.push_back(words[++i]);
    }
    if (flag == nullptr) continue;
    if (place.index != kNoPlace) run.places.insert_or_assign(std::string(flag->name), place);
    if (flag->takes == Takes::Nothing) {
      const bool off = negated || (!values.empty() && lowered(values.front().word.text) == "false");
      if (flag->set != nullptr) flag->set(off ? "false" : "true", run);
      if (flag->open.empty()) continue;
      std::string text = fmt::format("--{}: {}", flag->name, flag->open);
      if (off) std::erase(run.open, text);
      else remember(run.open, std::move(text));
      continue;
    }
    if (flag->name == "served-model-name") reading.servedNames = values;
    if (!flag->open.empty()) remember(run.open, fmt::format("--{}: {}", flag->name, flag->open));
    else if (values.empty()) remember(run.badFlags, fmt::format("--{}: vLLM wants a value", flag->name));
    else if (flag->takes == Takes::Value) apply(*flag, values.front().word, run);
  }
  return reading;
}

}  // namespace rightslice::model
