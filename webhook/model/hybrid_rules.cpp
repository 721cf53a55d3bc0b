// Which layers attend and which keep a state. Sources: transformers, models/<model_type>/configuration_*.py; nemotron_h and
// kimi_linear: the repositories' own configuration and modeling files.
#include <algorithm>

#include "model/class_rules.hpp"

namespace rightslice::model::rules {
namespace {

using Kind = RecurrentShape::Kind;

std::int64_t capped(Int128 value) {
  return value < 0 ? 0 : value > ConfigView::kMost ? ConfigView::kMost : static_cast<std::int64_t>(value);
}

/// The layers of one kind replace attention.
void replaceAttention(Architecture& a, Kind kind, std::int64_t layers) {
  a.recurrent.kind = kind;
  a.recurrent.layers = std::clamp<std::int64_t>(layers, 0, a.layers);
  a.layersWithoutAttention = a.recurrent.layers;
}

void withoutAttention(Architecture& a, Kind kind) {
  replaceAttention(a, kind, a.layers);
  a.layersWithoutFeedForward = a.layers;
  a.heads = a.kvHeads = a.headDim = 1;
}

/// The keys that Bamba, Granite, Falcon-H1 and Jamba share.
void readMamba(const ConfigView& text, Architecture& a) {
  RecurrentShape& r = a.recurrent;
  r.heads = text.number("mamba_n_heads");
  r.state = text.number("mamba_d_state", 16);
  r.groups = text.number("mamba_n_groups", 1);
  r.conv = text.number("mamba_d_conv", 4);
  r.inner = text.number("mamba_d_ssm", capped(Int128{text.number("mamba_expand", 2)} * a.hidden));
  r.convBias = text.flag("mamba_conv_bias", true);
  r.bias = text.flag("mamba_proj_bias", false);
  r.norm = true;
}

/// How many of `layers` are at offset, offset + period, ...
std::int64_t everyNth(std::int64_t layers, std::int64_t period, std::int64_t offset) {
  return period <= 0 || offset >= layers ? 0 : (layers - offset - 1) / period + 1;
}

}  // namespace

void gatedDelta(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const std::int64_t interval = std::max<std::int64_t>(1, text.number("full_attention_interval", 4));
  const json::View types = text["layer_types"];
  replaceAttention(a, Kind::GatedDelta,
                   types.isArray() ? layersNamed(types, {"linear_attention"}) : a.layers - a.layers / interval);
  RecurrentShape& r = a.recurrent;
  r.heads = text.number("linear_num_value_heads", 32);
  r.groups = text.number("linear_num_key_heads", 16);
  r.state = text.number("linear_key_head_dim", 128);
  r.inner = capped(Int128{r.heads} * text.number("linear_value_head_dim", 128));
  r.conv = text.number("linear_conv_kernel_dim", 4);
}

void kimiLinear(const ConfigScope& config, Architecture& a) {
  const ConfigView linear = config.text.in("linear_attn_config");
  replaceAttention(a, Kind::KimiDelta, static_cast<std::int64_t>(linear["kda_layers"].size()));
  RecurrentShape& r = a.recurrent;
  r.heads = linear.number("num_heads", 32);
  r.state = linear.number("head_dim", 128);
  r.inner = capped(Int128{r.heads} * r.state);
  r.conv = linear.number("short_conv_kernel_size", 4);
}

// One letter a layer: M Mamba2, * attention, - MLP, E experts. Each layer is one of them, with one norm.
void nemotronH(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const std::string_view pattern = text.text("hybrid_override_pattern");
  const auto count = [&](char letter) { return std::count(pattern.begin(), pattern.end(), letter); };
  if (pattern.empty()) config.text.refuse("hybrid_override_pattern", "hybrid_override_pattern is missing");
  a.recurrent.kind = Kind::Mamba2;
  a.recurrent.layers = std::min<std::int64_t>(count('M'), a.layers);
  a.layersWithoutAttention = std::max<std::int64_t>(0, a.layers - count('*'));
  a.moeLayers = std::min<std::int64_t>(count('E'), a.layers);
  a.layersWithoutFeedForward = std::max<std::int64_t>(0, a.layers - count('-') - a.moeLayers);
  RecurrentShape& r = a.recurrent;
  r.heads = text.number("mamba_num_heads", 128);
  r.inner = capped(Int128{r.heads} * text.number("mamba_head_dim", 64));
  r.state = text.number("ssm_state_size", 128);
  r.groups = text.number("n_groups", 8);
  r.conv = text.number("conv_kernel", 4);
  r.convBias = text.flag("use_conv_bias", true);
  r.bias = text.flag("mamba_proj_bias", text.flag("use_bias", false));
  r.norm = true;
  a.sharedIntermediate = text.number("moe_shared_expert_intermediate_size");
  if (const std::int64_t latent = text.number("moe_latent_size"); latent > 0) {
    a.expertHidden = latent;  // experts between two projections
    addTo(a.extraLinear, 2 * Int128{a.hidden} * latent * a.moeLayers);
  }
}

void graniteHybrid(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  replaceAttention(a, Kind::Mamba2, layersNamed(text["layer_types"], {"mamba"}));
  readMamba(text, a);
  const std::int64_t shared = text.number("shared_intermediate_size", 1024);
  if (a.experts > 0) {
    a.moeIntermediate = a.intermediate;
    a.sharedIntermediate = shared;
  } else {
    a.intermediate = shared;
  }
}

void bamba(const ConfigScope& config, Architecture& a) {
  const auto attentions = static_cast<std::int64_t>(config.text["attn_layer_indices"].size());
  replaceAttention(a, Kind::Mamba2, a.layers - attentions);
  readMamba(config.text, a);
}

// Both in every layer, side by side.
void falconH1(const ConfigScope& config, Architecture& a) {
  readMamba(config.text, a);
  a.recurrent.kind = Kind::Mamba2;
  a.recurrent.layers = a.layers;
  a.recurrent.norm = config.text.flag("mamba_rms_norm", false);
}

void jamba(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const std::int64_t attentions =
      everyNth(a.layers, text.number("attn_layer_period", 8), text.number("attn_layer_offset", 4));
  replaceAttention(a, Kind::Mamba, a.layers - attentions);
  readMamba(text, a);
  a.recurrent.rank = text.number("mamba_dt_rank", ceilDiv(a.hidden, 16));
  if (a.experts > 1)
    a.moeLayers = everyNth(a.layers, text.number("expert_layer_period", 2), text.number("expert_layer_offset", 1));
  else a.experts = 0;
}

void mamba(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  withoutAttention(a, Kind::Mamba);
  RecurrentShape& r = a.recurrent;
  r.inner = a.intermediate > 0 ? a.intermediate : capped(Int128{text.number("expand", 2)} * a.hidden);
  r.state = text.number("state_size", 16);
  r.conv = text.number("conv_kernel", 4);
  r.rank = text["time_step_rank"].isString() ? ceilDiv(a.hidden, 16)
                                             : text.number("time_step_rank", ceilDiv(a.hidden, 16));
  r.convBias = text.flag("use_conv_bias", true);
  r.bias = text.flag("use_bias", false);
}

void mamba2(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  withoutAttention(a, Kind::Mamba2);
  RecurrentShape& r = a.recurrent;
  r.heads = text.number("num_heads", 128);
  r.inner = capped(Int128{text.number("expand", 2)} * a.hidden);
  r.state = text.number("state_size", 128);
  r.groups = text.number("n_groups", 8);
  r.conv = text.number("conv_kernel", 4);
  r.convBias = text.flag("use_conv_bias", true);
  r.bias = text.flag("use_bias", false);
  r.norm = true;
}

void lfm2(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const json::View types = text["layer_types"];
  replaceAttention(a, Kind::ShortConv,
                   types.isArray() ? layersNamed(types, {"conv"})
                                   : a.layers - static_cast<std::int64_t>(text["full_attn_idxs"].size()));
  a.recurrent.inner = a.hidden;
  a.recurrent.conv = text.number("conv_L_cache", 3);
  a.recurrent.convBias = a.recurrent.bias = text.flag("conv_bias", false);
  a.tiedEmbeddings = text.flag("tie_embedding", a.tiedEmbeddings);
  if (a.experts > 0) {
    a.firstDenseLayers = text.number("num_dense_layers", 2);
    a.routerBias = text.flag("use_expert_bias", true);
    return;
  }
  a.intermediate = text.number("block_ff_dim", a.intermediate);
  if (!text.flag("block_auto_adjust_ff_dim", true)) return;
  const std::int64_t multiple = std::max<std::int64_t>(1, text.number("block_multiple_of", 256));
  const double factor = text["block_ffn_dim_multiplier"].number().value_or(1);
  const double wanted = static_cast<double>(2 * a.intermediate / 3) * (factor > 0 && factor < 1000 ? factor : 1);
  a.intermediate = capped(Int128{ceilDiv(static_cast<std::int64_t>(wanted), multiple)} * multiple);
}

// Lightning attention in all layers but those of attn_type_list that are 1.
void minimaxText(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  std::int64_t linear = layersNamed(text["layer_types"], {"linear_attention"});
  for (const json::View type : text["attn_type_list"].elements()) linear += type.integer() == 0 ? 1 : 0;
  replaceAttention(a, Kind::Lightning, linear);
  a.recurrent.heads = a.heads;
  a.recurrent.state = a.headDim > 0 ? a.headDim : a.heads > 0 ? a.hidden / a.heads : 0;
  a.recurrent.inner = capped(Int128{a.heads} * a.recurrent.state);
  a.sharedIntermediate = text.number("shared_intermediate_size");
}

void unknownHybrid(const ConfigScope&, Architecture& a) {
  a.unmodelled = "layers with a recurrent state that no formula here reaches";
}

}  // namespace rightslice::model::rules
