// Models whose layers differ: found by search (nemotron-nas, DeciLM) or scaled layer by layer (OpenELM).
#include <algorithm>
#include <cmath>

#include "model/class_rules.hpp"

namespace rightslice::model::rules {
namespace {

constexpr std::size_t kMostEntries = 100'000;  // layers of a hostile file

/// One more layer of this shape; shapes are few, so a search will do.
void addShape(Architecture& a, std::int64_t heads, std::int64_t kvHeads) {
  for (AttentionShape& shape : a.attentionShapes) {
    if (shape.heads == heads && shape.kvHeads == kvHeads) {
      ++shape.layers;
      return;
    }
  }
  a.attentionShapes.push_back({1, heads, kvHeads, 0, 0, false});
}

void addWidth(Architecture& a, std::int64_t intermediate) {
  for (FeedForwardShape& shape : a.feedForwardShapes) {
    if (shape.intermediate == intermediate) {
      ++shape.layers;
      return;
    }
  }
  a.feedForwardShapes.push_back({1, intermediate});
}

std::int64_t boundedWidth(double value) {
  return static_cast<std::int64_t>(std::clamp(value, 0.0, static_cast<double>(ConfigView::kMost)));
}

std::int64_t boundedHeads(json::View value) {
  return std::clamp<std::int64_t>(value.integer().value_or(0), 0, ConfigView::kMost);
}

}  // namespace

std::int64_t layersNamed(json::View list, std::initializer_list<std::string_view> names) {
  std::int64_t count = 0;
  for (const json::View layer : list.elements()) {
    const std::string_view name = layer.stringOr("");
    count += std::find(names.begin(), names.end(), name) != names.end() ? 1 : 0;
  }
  return count;
}

// Deci/DeciLM-7B: num_key_value_heads_per_layer
void variableGqa(const ConfigScope& config, Architecture& a) {
  std::size_t seen = 0;
  for (const json::View kvHeads : config.text["num_key_value_heads_per_layer"].elements()) {
    if (++seen > kMostEntries || a.attentionShapes.size() > 64) break;
    const std::int64_t heads = boundedHeads(kvHeads);
    addShape(a, 0, heads);
    a.kvHeads = std::max(a.kvHeads, heads);
  }
}

// apple/OpenELM, modeling_openelm.py: heads and widths grow with the layers.
void openElm(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  a.tiedEmbeddings = text.flag("share_input_output_layers", true);
  a.gatedMlp = text.flag("ffn_with_glu", true);
  if (!text.flag("normalize_qk_projections", true)) a.qkNorm.clear();
  const std::int64_t layers = a.layers = text.number("num_transformer_layers", a.layers);
  const json::View queries = text["num_query_heads"];
  const json::View keys = text["num_kv_heads"];
  const json::View multipliers = text["ffn_multipliers"];
  const auto count = static_cast<std::size_t>(std::min<std::int64_t>(layers, 1024));
  const double divisor = std::max<double>(1, static_cast<double>(text.number("ffn_dim_divisor", 256)));
  for (std::size_t layer = 0; layer < count; ++layer) {
    const std::int64_t heads = boundedHeads(queries.at(layer));
    const std::int64_t kvHeads = boundedHeads(keys.at(layer));
    addShape(a, heads, kvHeads);
    a.heads = std::max(a.heads, heads);
    a.kvHeads = std::max(a.kvHeads, kvHeads);
    const double wanted = multipliers.at(layer).number().value_or(0) * static_cast<double>(a.hidden);
    double width = std::max(divisor, std::floor((wanted + divisor / 2) / divisor) * divisor);
    if (width < 0.9 * wanted) width += divisor;
    addWidth(a, boundedWidth(width));
    a.intermediate = std::max(a.intermediate, boundedWidth(width));
  }
  a.maxPositions = text.number("max_context_length", a.maxPositions);
}

// nvidia/Llama-3_3-Nemotron-Super-49B-v1, modeling_decilm.py: each block has an attention with its own group size, a linear
// layer or nothing, and a feed-forward part of its own width, a linear layer or nothing.
void blockConfigs(const ConfigScope& config, Architecture& a) {
  const Int128 h = a.hidden;
  std::int64_t attentions = 0;
  std::int64_t feedForwards = 0;
  std::int64_t norms = 0;
  std::size_t seen = 0;
  for (const json::View block : config.text["block_configs"].elements()) {
    if (++seen > kMostEntries || a.attentionShapes.size() > 64 || a.feedForwardShapes.size() > 256) break;
    const json::View attention = block["attention"];
    const json::View ffn = block["ffn"];
    if (attention["replace_with_linear"].boolean().value_or(false)) {
      addTo(a.extraLinear, h * h);
      ++norms;
    } else if (!attention["no_op"].boolean().value_or(false)) {
      const std::int64_t group = std::max<std::int64_t>(1, boundedHeads(attention["n_heads_in_group"]));
      addShape(a, 0, std::max<std::int64_t>(1, a.heads / group));
      ++attentions;
      ++norms;
    }
    if (ffn["replace_with_linear"].boolean().value_or(false)) {
      addTo(a.extraLinear, h * h);
      ++norms;
    } else if (!ffn["no_op"].boolean().value_or(false)) {
      const double wanted = std::floor(2 * ffn["ffn_mult"].number().value_or(0) * static_cast<double>(a.hidden) / 3);
      addWidth(a, ffn["intermediate_size"].integer() ? boundedHeads(ffn["intermediate_size"])
                                                     : boundedWidth(std::ceil(wanted / 256) * 256));
      ++feedForwards;
      ++norms;
    }
  }
  for (const AttentionShape& shape : a.attentionShapes) a.kvHeads = std::max(a.kvHeads, shape.kvHeads);
  for (const FeedForwardShape& shape : a.feedForwardShapes) a.intermediate = std::max(a.intermediate, shape.intermediate);
  if (seen != static_cast<std::size_t>(a.layers)) {
    config.text.refuse("block_configs", "block_configs must have one entry for each of num_hidden_layers");
    return;
  }
  a.layersWithoutAttention = a.layers - attentions;
  a.layersWithoutFeedForward = a.layers - feedForwards;
  a.normsPerLayer = 0;
  addTo(a.extraParameters, h * norms);
}

}  // namespace rightslice::model::rules
