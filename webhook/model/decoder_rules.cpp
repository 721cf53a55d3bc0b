// Sources: transformers, src/transformers/models/<model_type>/modeling_*.py; for classes outside of transformers the modeling
// file of the repository named beside the rule.
#include <algorithm>

#include "model/class_rules.hpp"

namespace rightslice::model::rules {
namespace {

constexpr std::int64_t kClipLarge336 = 303'507'456;  // CLIP ViT-L/14 at 336 pixels, as llava and Phi-3-vision hold it

void setBiases(Architecture& a, bool bias) { a.qkvBias = a.outBias = a.mlpBias = bias; }

}  // namespace

// Its image and speech towers and LoRA adapters are of fixed size: the published 5,574,460,384 of
// microsoft/Phi-4-multimodal-instruct less its text model.
void phi4Multimodal(const ConfigScope&, Architecture& a) {
  a.vision = true;
  a.visionParameters = 1'738'438'624;
}

// microsoft/Phi-3.5-vision-instruct, modeling_phi3_v.py: CLIP, two projection layers from four merged patches, separators.
void phi3Vision(const ConfigScope&, Architecture& a) {
  constexpr Int128 kMerged = 4096;
  a.vision = true;
  if (const VisionEncoder* const encoder = findVisionEncoder("phi3_v")) a.visionEncoder = *encoder;
  a.visionParameters = kClipLarge336;
  addTo(a.visionParameters, kMerged * a.hidden + a.hidden + Int128{a.hidden} * a.hidden + a.hidden + 2 * kMerged);
}

// internlm/internlm2_5-7b-chat and internlm3-8b-instruct, modeling_internlm*.py
void internLm(const ConfigScope& config, Architecture& a) {
  a.outBias = config.text.flag("bias", a.outBias);
  a.qkvBias = config.text.flag("qkv_bias", a.outBias);
  a.mlpBias = config.text.has("qkv_bias") && a.outBias;
}

void useBias(const ConfigScope& config, Architecture& a) { setBiases(a, config.text.flag("use_bias", a.outBias)); }

void olmo(const ConfigScope&, Architecture& a) { a.finalNorms = 0; }  // norms without weights

void hunyuan(const ConfigScope& config, Architecture& a) {
  if (config.text.flag("use_qk_norm", false)) a.qkNorm = "head";
}

// Qwen/Qwen-7B, modeling_qwen.py: intermediate_size counts both halves of the gated MLP.
void qwen1(const ConfigScope&, Architecture& a) { a.intermediate /= 2; }

void cohere(const ConfigScope& config, Architecture& a) {
  if (config.text.flag("use_qk_norm", false)) a.qkNorm = "full";
}

void stableLm(const ConfigScope& config, Architecture& a) {
  if (config.text.flag("qk_layernorm", false)) a.qkNorm = "full";
  if (config.text.flag("use_parallel_residual", false)) a.normsPerLayer = 1;
}

// zai-org/glm-4-9b-chat, modeling_chatglm.py
void chatGlm(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  a.qkvBias = text.flag("add_qkv_bias", false);
  if (text.flag("add_bias_linear", false)) setBiases(a, true);
  a.normBias = !text.flag("rmsnorm", true);
  a.headDim = text.number("kv_channels", a.headDim);
  if (!text.flag("multi_query_attention", false)) a.kvHeads = a.heads;
  if (!text.flag("post_layer_norm", true)) a.finalNorms = 0;
}

// Embeddings per layer, alternating updates (four streams), a low-rank residual (LAuReL), and towers of fixed size: both the
// published 5,439,438,272 of google/gemma-3n-E2B-it and the 7,849,978,192 of E4B-it leave exactly this beside the text model.
void gemma3n(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const Int128 h = a.hidden;
  const Int128 perLayer = text.number("hidden_size_per_layer_input", 256);
  const Int128 streams = text.number("altup_num_inputs", 4);
  const Int128 laurel = text.number("laurel_rank", 64);
  const Int128 all = perLayer * a.layers;
  addTo(a.extraParameters, Int128{text.number("vocab_size_per_layer_input", 262144)} * all);
  addTo(a.extraLinear, h * all + 2 * (streams - 1) * h * h);
  addTo(a.extraParameters, perLayer);
  addTo(a.extraLinear, (2 * h * laurel + 2 * h * perLayer) * a.layers);
  const Int128 altup = h + streams * streams + streams * streams * streams + h * streams + h;
  addTo(a.extraParameters, (altup + 2 * h) * a.layers);
  a.visionParameters = config.root["vision_config"].isObject() ? 895'910'752 : 0;
  a.sharedKvLayers = std::min(text.number("num_kv_shared_layers", 15), a.layers);
}

// Llama 3.2 Vision: every so many layers attend to the image, with norms of query and key and two gates.
void mllama(const ConfigScope& config, Architecture& a) {
  const auto cross = static_cast<Int128>(config.text["cross_attention_layers"].size());
  const Int128 headDim = a.heads > 0 ? a.hidden / a.heads : 0;
  addTo(a.extraParameters, 8 * Int128{a.hidden} + cross * (2 * headDim + 2));
}

void fourfold(const ConfigScope&, Architecture& a) {
  if (a.intermediate == 0) a.intermediate = 4 * std::min(a.hidden, ConfigView::kMost / 4);
}

void gptBigcode(const ConfigScope& config, Architecture& a) {
  if (config.text.flag("multi_query", true)) a.kvHeads = 1;
  fourfold(config, a);
}

void bloom(const ConfigScope& config, Architecture& a) {
  a.finalNorms = 2;  // one after the embedding
  fourfold(config, a);
}

void mpt(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  if (a.intermediate == 0)
    a.intermediate = std::min(a.hidden * text.number("expansion_ratio", 4), ConfigView::kMost);
  if (!text.flag("no_bias", true)) {
    setBiases(a, true);
    a.normBias = true;
  }
  const ConfigView attention = text.in("attn_config");
  if (const std::int64_t kv = attention.number("kv_n_heads"); kv > 0) a.kvHeads = kv;
  if (!attention.flag("alibi", false) && !attention.flag("rope", false)) a.positionRows = a.maxPositions;
}

void opt(const ConfigScope& config, Architecture& a) {
  a.positionRows = std::min(a.maxPositions, ConfigView::kMost) + 2;
  if (!config.text.flag("do_layer_norm_before", true)) a.finalNorms = 0;
}

void falcon(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const bool newDecoder = text.flag("new_decoder_architecture", false);
  if (!newDecoder && text.flag("multi_query", true)) a.kvHeads = 1;
  const std::int64_t parallelNorms = text.number("num_ln_in_parallel_attn", newDecoder ? 2 : 1);
  a.normsPerLayer = !text.flag("parallel_attn", true) || parallelNorms > 1 ? 2 : 1;
  if (text.flag("bias", false)) setBiases(a, true);
  fourfold(config, a);
}

void apertus(const ConfigScope&, Architecture& a) { addTo(a.extraParameters, 2 * Int128{a.layers}); }  // of its activation

void glm4Moe(const ConfigScope& config, Architecture& a) {
  if (config.text.flag("use_qk_norm", false)) a.qkNorm = "head";
}

void ernieMoe(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  setBiases(a, text.flag("use_bias", false));
  const std::int64_t first = std::min(text.number("moe_layer_start_index", 0), a.layers);
  const std::int64_t last = std::min(text.number("moe_layer_end_index", a.layers), a.layers - 1);
  const std::int64_t step = std::max<std::int64_t>(1, text.number("moe_layer_interval", 1));
  for (std::int64_t layer = first; layer <= last; ++layer) a.moeLayers += (layer + 1) % step == 0 ? 1 : 0;
}

}  // namespace rightslice::model::rules
