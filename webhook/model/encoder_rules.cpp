// Encoders, dual encoders, and models of encoder and decoder. Sources: transformers, models/<model_type>/modeling_*.py;
// nomic_bert and new: nomic-ai/nomic-bert-2048 and Alibaba-NLP/new-impl, modeling_hf_nomic_bert.py and modeling.py.
#include <algorithm>

#include "model/class_rules.hpp"

namespace rightslice::model::rules {
namespace {

/// A transformer layer with biases, LayerNorms and a plain MLP, as BERT, CLIP and Whisper have it.
struct PlainLayer {
  Int128 linear, other;
};
PlainLayer plainLayer(Int128 hidden, Int128 intermediate) {
  return {4 * hidden * hidden + 2 * hidden * intermediate, 4 * hidden + intermediate + hidden + 4 * hidden};
}

}  // namespace

void mpnet(const ConfigScope& config, Architecture& a) {
  a.typeRows = 0;
  addTo(a.extraParameters, Int128{config.text.number("relative_attention_num_buckets", 32)} * a.heads);
}

void distilBert(const ConfigScope& config, Architecture& a) {
  a.hidden = config.text.number("dim", a.hidden);
  a.intermediate = config.text.number("hidden_dim", a.intermediate);
  a.typeRows = 0;
}

void deberta(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  a.typeRows = text.number("type_vocab_size");
  if (!text.flag("position_biased_input", true)) a.positionRows = 0;
  if (!text.flag("relative_attention", false)) return;
  const json::View buckets = text["position_buckets"];
  const std::int64_t rows = buckets.integer().value_or(-1) > 0 ? text.number("position_buckets") : a.maxPositions;
  addTo(a.extraParameters, 2 * Int128{rows} * a.hidden);
  if (text.text("norm_rel_ebd").find("layer_norm") != std::string_view::npos)
    addTo(a.extraParameters, 2 * Int128{a.hidden});
}

void nomicBert(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  a.qkvBias = a.outBias = text.flag("qkv_proj_bias", false);
  a.mlpBias = text.flag("mlp_fc1_bias", false);
  const std::string_view activation = text.text("activation_function");
  a.gatedMlp = activation.empty() || activation == "swiglu" || activation == "geglu" || activation == "glu";
  if (a.intermediate == 0) a.intermediate = 4 * std::min(a.hidden, ConfigView::kMost / 4);
  if (!(text["rotary_emb_fraction"].number().value_or(0) > 0)) a.positionRows = a.maxPositions;
  if (const std::int64_t step = text.number("moe_every_n_layers"); step > 0 && a.experts > 0) {
    a.moeLayers = a.layers / step;
    a.moeIntermediate = a.intermediate;
  } else {
    a.experts = 0;
  }
}

void gteNew(const ConfigScope& config, Architecture& a) {
  a.typeRows = config.text.number("type_vocab_size");
  addTo(a.extraParameters, Int128{a.hidden} * a.layers);  // the bias of the down projection only
  if (config.text.text("position_embedding_type") == "absolute") a.positionRows = a.maxPositions;
}

// The first layer has no norm before attention, and the embedding has one.
void modernBert(const ConfigScope& config, Architecture& a) {
  a.typeRows = 0;
  if (config.root["architectures"].at(0).stringOr("").find("ForSequenceClassification") != std::string_view::npos)
    addTo(a.extraParameters, Int128{a.hidden} * a.hidden + a.hidden);  // its dense layer and norm
}

// CLIP and SigLIP: the text encoder is the model, the image encoder a tower beside it, and both end in a projection.
void dualEncoder(const ConfigScope& config, Architecture& a) {
  a.typeRows = 0;
  a.positionRows = a.maxPositions;
  const std::int64_t projected = config.root.number("projection_dim", 512);
  const std::int64_t seen = config.root.in("vision_config").number("hidden_size", 768);
  if (config.root.text("model_type") == "clip") {
    addTo(a.extraParameters, (Int128{a.hidden} + seen) * projected + 1);
  } else {
    addTo(a.extraParameters, Int128{a.hidden} * a.hidden + a.hidden + 2);
  }
}

void whisper(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const Int128 h = a.hidden;
  a.layers = text.number("decoder_layers", a.layers);
  a.heads = text.number("decoder_attention_heads", a.heads);
  a.intermediate = text.number("decoder_ffn_dim", a.intermediate);
  a.maxPositions = a.positionRows = text.number("max_target_positions", 448);
  a.encoderTokens = text.number("max_source_positions", 1500);
  const Int128 encoderLayers = text.number("encoder_layers", a.layers);
  const PlainLayer layer = plainLayer(h, text.number("encoder_ffn_dim", a.intermediate));
  // Keys have no bias, in self and cross attention alike. The encoder starts with two convolutions over three frames.
  addTo(a.extraLinear, 4 * h * h * a.layers + layer.linear * encoderLayers);
  addTo(a.extraParameters, 6 * h * a.layers + (layer.other - h) * encoderLayers + 2 * h);
  addTo(a.extraParameters,
        Int128{text.number("num_mel_bins", 80)} * 3 * h + h + 3 * h * h + h + Int128{a.encoderTokens} * h);
}

void t5(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const std::string_view projection = text.text("feed_forward_proj");
  a.gatedMlp = projection.starts_with("gated");
  a.intermediate = text.number("d_ff", a.intermediate);
  a.heads = text.number("num_heads", a.heads);
  a.headDim = text.number("d_kv", 64);
  const Int128 encoderLayers = text.number("num_layers", a.layers);
  a.layers = text.number("num_decoder_layers", static_cast<std::int64_t>(encoderLayers));
  a.encoderTokens = text.number("n_positions", 512);
  const Int128 h = a.hidden;
  const Int128 attention = 4 * h * a.heads * a.headDim;
  addTo(a.extraLinear, attention * a.layers +
                           (attention + (a.gatedMlp ? 3 : 2) * h * a.intermediate) * encoderLayers);
  const Int128 buckets = Int128{text.number("relative_attention_num_buckets", 32)} * a.heads;
  // UMT5 has a table of relative positions in each layer, the others one for the encoder and one for the decoder.
  const bool each = text.text("model_type") == "umt5";
  addTo(a.extraParameters, 2 * h * encoderLayers + h + buckets * (each ? encoderLayers + a.layers : Int128{2}));
}

void bart(const ConfigScope& config, Architecture& a) {
  const ConfigView& text = config.text;
  const std::string_view type = text.text("model_type");
  a.layers = text.number("decoder_layers", a.layers);
  a.heads = text.number("decoder_attention_heads", a.heads);
  a.intermediate = text.number("decoder_ffn_dim", a.intermediate);
  a.encoderTokens = a.maxPositions;
  const Int128 h = a.hidden;
  const Int128 encoderLayers = text.number("encoder_layers", a.layers);
  const PlainLayer layer = plainLayer(h, text.number("encoder_ffn_dim", a.intermediate));
  addTo(a.extraLinear, 4 * h * h * a.layers + layer.linear * encoderLayers);
  addTo(a.extraParameters, 4 * h * a.layers + layer.other * encoderLayers);
  if (type != "m2m_100") a.positionRows = 2 * (std::min(a.maxPositions, ConfigView::kMost / 4) + 2);
  // BART ends its embeddings in a norm, M2M-100 its layers, mBART both; in encoder and decoder each.
  a.finalNorms = type == "mbart" ? 4 : 2;
}

}  // namespace rightslice::model::rules
