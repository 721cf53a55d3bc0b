// Defaults of patterns: transformers, models/{gemma2,gemma3,gemma3n,gpt_oss,cohere2,olmo3,exaone4,llama4}/configuration_*.py.
#include "model/attention_pattern.hpp"

#include <algorithm>

namespace rightslice::model {
namespace {

/// One layer in so many is full where the file does not say.
struct Period {
  std::string_view modelType;
  std::int64_t period;
};
constexpr Period kPeriods[] = {
    {"gemma2", 2}, {"gpt_oss", 2}, {"gemma3", 6}, {"gemma3n", 5}, {"cohere2", 4}, {"olmo3", 4}, {"exaone4", 4},
};

std::int64_t periodOf(const ConfigScope& config, const ModelClass* known) {
  for (const std::string_view key : {"sliding_window_pattern", "_sliding_window_pattern"}) {
    const json::View pattern = config.text[key];
    if (const auto number = pattern.integer(); number && *number > 0) return *number;
    if (const auto letters = pattern.string(); letters && !letters->empty())  // "LLLG"
      return static_cast<std::int64_t>(letters->size());
  }
  for (const Period& one : kPeriods) {
    if (known != nullptr && one.modelType == known->modelType) return one.period;
  }
  return 0;
}

/// Layers of the first `layers` that attend to a window, by the file's list; nothing without a list.
std::optional<std::int64_t> listed(const ConfigScope& config, std::int64_t layers) {
  const json::View types = config.text["layer_types"];
  if (!types.isArray()) return std::nullopt;
  std::int64_t sliding = 0;
  std::int64_t at = 0;
  for (const json::View layer : types.elements()) {
    if (at++ == layers) break;
    const std::string_view type = layer.stringOr("");
    sliding += type == "sliding_attention" || type == "chunked_attention" ? 1 : 0;
  }
  return sliding;
}

/// Llama 4: layers without rotary positions (0 in no_rope_layers, else every fourth) are full.
std::int64_t chunkedLayers(const ConfigScope& config, std::int64_t layers) {
  const json::View rotary = config.text["no_rope_layers"];
  if (rotary.size() == 0)
    return layers - layers / std::max<std::int64_t>(1, config.text.number("no_rope_layer_interval", 4));
  std::int64_t chunked = 0;
  for (const json::View layer : rotary.elements()) chunked += layer.integer() == 1 ? 1 : 0;
  return chunked;
}

}  // namespace

void readWindows(const ConfigScope& config, const ModelClass* known, Architecture& a) {
  const ConfigView& text = config.text;
  // Only layers that keep keys and values of their own count; those that share come last.
  const std::int64_t layers = std::max<std::int64_t>(0, a.attentionLayers() - a.sharedKvLayers);
  a.fullLayers = layers;
  if (known != nullptr && known->has(kNoWindow)) return;
  const std::int64_t chunk = a.family == "llama4" ? text.number("attention_chunk_size") : 0;
  const std::int64_t window = chunk > 0 ? chunk : text["sliding_window"].integer().value_or(0);
  if (window <= 0 || window >= a.maxPositions) return;
  const bool byFlag = known != nullptr && known->has(kWindowByFlag);
  if (!text.flag("use_sliding_window", !byFlag)) return;

  std::int64_t sliding = layers;
  if (const auto types = listed(config, a.layers - a.sharedKvLayers)) sliding = *types;
  else if (chunk > 0) sliding = chunkedLayers(config, layers);
  else if (const std::int64_t period = periodOf(config, known); period > 0) sliding = layers - layers / period;
  else if (byFlag && text.has("max_window_layers")) sliding = layers - text.number("max_window_layers");
  a.slidingLayers = std::clamp<std::int64_t>(sliding, 0, layers);
  a.fullLayers = layers - a.slidingLayers;
  a.slidingWindow = a.slidingLayers > 0 ? window : 0;
  a.chunkedWindow = chunk > 0;
}

void readRope(const ConfigScope& config, Architecture& a) {
  json::View scaling = config.text["rope_scaling"].isObject() ? config.text["rope_scaling"] : config.text["rope_parameters"];
  if (scaling["full_attention"].isObject()) scaling = scaling["full_attention"];  // one per kind of layer
  const std::string_view type = scaling["rope_type"].stringOr(scaling["type"].stringOr(""));
  // Gemma 3's layers with a window have a table of angles of their own, which is not stretched.
  const bool isGemma3 = a.family == "gemma3";
  if (isGemma3) a.rotaryFactor = 2;
  const double factor = scaling["factor"].number().value_or(1);
  if (!(factor > 1 && factor < 1e6)) return;
  if (type != "yarn" && type != "linear" && type != "dynamic") return;
  a.rotaryFactor = factor + (isGemma3 ? 1 : 0);
  // Gemma 3's positions are the stretched ones already, and the table is stretched all the same (vLLM, config/model.py and
  // rotary_embedding/linear_scaling_rope.py).
  if (isGemma3) return;
  a.ropeFactor = factor;
  if (const auto original = scaling["original_max_position_embeddings"].integer();
      type == "yarn" && original && *original > 0) {
    // Some files already hold the stretched length, as DeepSeek's do.
    const double stretched = static_cast<double>(*original) * factor;
    a.ropeFactor = std::max(1.0, stretched / static_cast<double>(std::max<std::int64_t>(a.maxPositions, 1)));
    a.rotaryFactor = a.ropeFactor;
  }
}

}  // namespace rightslice::model
