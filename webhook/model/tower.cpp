// Sources: transformers, models/{clip,siglip,qwen2_vl,qwen2_5_vl,qwen3_vl,pixtral,mistral3,gemma3,llava,llava_next,internvl,
// mllama,llama4,idefics3,qwen2_audio,voxtral,kimi_vl}/modeling_*.py; OpenGVLab/InternVL modeling_intern_vit.py and
// modeling_internvl_chat.py; moonshotai/Kimi-VL-A3B modeling_kimi_vl.py.
#include "model/tower.hpp"

#include <algorithm>

#include "model/class_rules.hpp"

namespace rightslice::model {
namespace {

constexpr std::string_view kUnknownTower = "the vision or audio tower, whose class is not known";

/// One tower: its transformer, as its class writes it.
struct Tower {
  Int128 hidden = 768, intermediate = 3072, layers = 12, patch = 16, image = 224, channels = 3;
};

Int128 patchesOf(const Tower& t) {
  const Int128 side = t.patch > 0 ? t.image / t.patch : 0;
  return side * side;
}
Int128 norm(Int128 width) { return 2 * width; }  // LayerNorm
Int128 dense(Int128 from, Int128 to) { return from * to + to; }
/// Attention and a plain MLP with biases, two LayerNorms.
Int128 plainLayer(const Tower& t) {
  return 4 * dense(t.hidden, t.hidden) + dense(t.hidden, t.intermediate) + dense(t.intermediate, t.hidden) +
         2 * norm(t.hidden);
}
Int128 patchInput(const Tower& t) { return t.channels * t.patch * t.patch; }

// Limits far above any tower of today, so that no product of a hostile file leaves 128 bits.
constexpr std::int64_t kMostWidth = 1'000'000;
constexpr std::int64_t kMostLayers = 10'000;

/// A number of the tower, or of one axis of it where a list is written.
Int128 bounded(const ConfigView& v, std::string_view key, std::int64_t fallback, std::int64_t most = kMostWidth) {
  const std::int64_t value = v[key].isArray() ? v[key].at(0).integer().value_or(fallback) : v.number(key, fallback);
  return std::clamp<std::int64_t>(value, 0, most);
}
Int128 mergeOf(const ConfigView& v, std::string_view key = "spatial_merge_size") { return bounded(v, key, 2, 64); }

/// A tower with the defaults of its class: hidden, intermediate, layers, patch, image.
Tower readTower(const ConfigView& v, const Tower& defaults) {
  const auto from = [&](std::initializer_list<std::string_view> keys, Int128 fallback, std::int64_t most) -> Int128 {
    for (const std::string_view key : keys) {
      if (v.has(key)) return bounded(v, key, static_cast<std::int64_t>(fallback), most);
    }
    return fallback;
  };
  Tower t;
  t.hidden = from({"hidden_size", "vt_hidden_size", "d_model"}, defaults.hidden, kMostWidth);
  t.intermediate = from({"intermediate_size", "vt_intermediate_size", "encoder_ffn_dim"}, defaults.intermediate, kMostWidth);
  t.layers = from({"num_hidden_layers", "vt_num_hidden_layers", "depth", "encoder_layers"}, defaults.layers, kMostLayers);
  t.channels = from({"num_channels", "in_channels", "in_chans"}, 3, 1000);
  t.patch = std::max<Int128>(1, from({"patch_size"}, defaults.patch, 10'000));
  t.image = from({"image_size"}, defaults.image, 100'000);
  return t;
}

/// Where the tower says how wide its output is.
Int128 outOf(const ConfigView& v, std::string_view key, Int128 textHidden) {
  return v.has(key) ? bounded(v, key, 0) : textHidden;
}

Int128 clipTower(const Tower& t) {
  return t.hidden + patchInput(t) * t.hidden + (patchesOf(t) + 1) * t.hidden + t.layers * plainLayer(t) +
         2 * norm(t.hidden);
}

Int128 siglipTower(const Tower& t) {
  return dense(patchInput(t), t.hidden) + patchesOf(t) * t.hidden + t.layers * plainLayer(t) + norm(t.hidden);
}
/// SigLIP's pooling head: a probe that attends, a norm and an MLP. Only the dual encoder has it.
Int128 siglipHead(const Tower& t) {
  return t.hidden + 4 * dense(t.hidden, t.hidden) + norm(t.hidden) + dense(t.hidden, t.intermediate) +
         dense(t.intermediate, t.hidden);
}

Int128 pixtralTower(const Tower& t) {  // RMSNorm, gated MLP, no biases, rotary positions
  return patchInput(t) * t.hidden + t.hidden +
         t.layers * (4 * t.hidden * t.hidden + 3 * t.hidden * t.intermediate + 2 * t.hidden);
}

/// Two projections with or without biases.
Int128 twoLayers(Int128 from, Int128 between, Int128 to, bool bias) {
  return bias ? dense(from, between) + dense(between, to) : from * between + between * to;
}

/// Qwen2-VL: embed_dim and mlp_ratio; the merger joins 2 x 2 patches.
Int128 qwen2Tower(const ConfigView& v, Int128 textHidden) {
  Tower t = readTower(v, {1280, 0, 32, 14, 0});
  t.hidden = bounded(v, "embed_dim", 1280);
  t.intermediate = t.hidden * bounded(v, "mlp_ratio", 4, 64);
  const Int128 merged = t.hidden * mergeOf(v) * mergeOf(v);
  return patchInput(t) * bounded(v, "temporal_patch_size", 2, 64) * t.hidden + t.layers * plainLayer(t) +
         norm(t.hidden) + twoLayers(merged, merged, outOf(v, "hidden_size", textHidden), true);
}

/// Qwen2.5-VL: RMSNorm and a gated MLP with biases.
Int128 qwen25Tower(const ConfigView& v, Int128 textHidden) {
  const Tower t = readTower(v, {1280, 3420, 32, 14, 0});
  const Int128 merged = t.hidden * mergeOf(v) * mergeOf(v);
  const Int128 layer = 4 * dense(t.hidden, t.hidden) + 2 * dense(t.hidden, t.intermediate) +
                       dense(t.intermediate, t.hidden) + 2 * t.hidden;
  return patchInput(t) * bounded(v, "temporal_patch_size", 2, 64) * t.hidden + t.layers * layer + t.hidden +
         twoLayers(merged, merged, outOf(v, "out_hidden_size", textHidden), true);
}

/// Qwen3-VL: learned positions, and a merger for each layer whose output goes deep into the text model.
Int128 qwen3Tower(const ConfigView& v, Int128 textHidden) {
  const Tower t = readTower(v, {1152, 4304, 27, 16, 0});
  const Int128 merged = t.hidden * mergeOf(v) * mergeOf(v);
  const Int128 merger = twoLayers(merged, merged, outOf(v, "out_hidden_size", textHidden), true);
  const auto deep = static_cast<Int128>(std::min<std::size_t>(v["deepstack_visual_indexes"].size(), 1000));
  return dense(patchInput(t) * bounded(v, "temporal_patch_size", 2, 64), t.hidden) +
         bounded(v, "num_position_embeddings", 2304) * t.hidden + t.layers * plainLayer(t) + norm(t.hidden) + merger +
         deep * (norm(merged) + merger);
}

/// InternViT and its projector, which joins 2 x 2 patches.
Int128 internTower(const ConfigView& root, const ConfigView& v, Int128 textHidden) {
  const Tower t = readTower(v, {1024, 4096, 24, 14, 448});
  const bool rms = v.text("norm_type") == "rms_norm";
  const bool qkvBias = v.flag("qkv_bias", v.flag("attention_bias", false));
  const bool qkNorm = v.flag("qk_normalization", v.flag("use_qk_norm", false));
  const Int128 width = rms ? t.hidden : norm(t.hidden);
  const Int128 layer = 3 * t.hidden * t.hidden + (qkvBias ? 3 * t.hidden : Int128{0}) + dense(t.hidden, t.hidden) +
                       dense(t.hidden, t.intermediate) + dense(t.intermediate, t.hidden) + 2 * width + 2 * t.hidden +
                       (qkNorm ? 2 * t.hidden : Int128{0});
  const double ratio = root["downsample_ratio"].number().value_or(0.5);
  const auto merge = static_cast<Int128>(ratio > 0.01 && ratio <= 1 ? 1 / ratio : 2);
  const Int128 merged = t.hidden * merge * merge;
  return t.hidden + dense(patchInput(t), t.hidden) + (patchesOf(t) + 1) * t.hidden + t.layers * layer + norm(merged) +
         twoLayers(merged, textHidden, textHidden, true);
}

/// Llama 3.2 Vision: local layers, gated global layers, positions by tile and aspect ratio; five layers' outputs are joined.
Int128 mllamaTower(const ConfigView& v, Int128 textHidden) {
  const Tower t = readTower(v, {1280, 5120, 32, 14, 448});
  const Int128 global = bounded(v, "num_global_layers", 8, kMostLayers);
  const Int128 tiles = bounded(v, "max_num_tiles", 4, 1000);
  const json::View written = v["supported_aspect_ratios"];
  const auto ratios = static_cast<Int128>(written.isArray() ? std::min<std::size_t>(written.size(), 1000) : 8);
  const Int128 layer = plainLayer(t) - 4 * t.hidden;  // no biases in attention
  const Int128 positions = (patchesOf(t) + 1) * t.hidden;
  const Int128 embeddings = patchInput(t) * t.hidden + t.hidden + positions + 1 + (ratios + 1) * tiles * positions +
                            2 * ((ratios + 1) * tiles * t.hidden + 1) + 2 * norm(t.hidden);
  return embeddings + t.layers * layer + global * (layer + 2) +
         dense(bounded(v, "vision_output_dim", 7680), textHidden);
}

/// Llama 4: the pixel shuffle's two layers and the one into the text model have no biases.
Int128 llama4Tower(const ConfigView& v, Int128 textHidden) {
  const Tower t = readTower(v, {1408, 5632, 34, 14, 336});
  const Int128 between = bounded(v, "projector_input_dim", 4096);
  return patchInput(t) * t.hidden + t.hidden + (patchesOf(t) + 1) * t.hidden + 2 * norm(t.hidden) +
         t.layers * plainLayer(t) + t.intermediate * between + between * bounded(v, "projector_output_dim", 4096) +
         bounded(v, "vision_output_dim", 4096) * textHidden;
}

/// MoonViT: positions on a grid, merged 2 x 2.
Int128 moonTower(const ConfigView& v, Int128 textHidden) {
  const Tower t = readTower(v, {1152, 4304, 27, 14, 0});
  const Int128 grid = bounded(v, "init_pos_emb_height", 64) * bounded(v, "init_pos_emb_width", 64);
  const Int128 merged = 4 * t.hidden;
  return dense(patchInput(t), t.hidden) + grid * t.hidden + t.layers * plainLayer(t) + norm(t.hidden) + norm(t.hidden) +
         twoLayers(merged, merged, textHidden, true);
}

/// Whisper's encoder, as Qwen2-Audio, Qwen2.5-Omni and Voxtral hold it: keys without bias.
Int128 audioTower(const ConfigView& c, std::string_view type, Int128 textHidden) {
  const Tower t = readTower(c, {1280, 5120, 32, 1, 0});
  const Int128 encoder = dense(bounded(c, "num_mel_bins", 128, 10'000) * 3, t.hidden) + dense(3 * t.hidden, t.hidden) +
                         t.layers * (plainLayer(t) - t.hidden) + norm(t.hidden);
  const Int128 positions = bounded(c, "max_source_positions", 1500) * t.hidden;
  if (type == "voxtral") return encoder + positions + twoLayers(t.intermediate, textHidden, textHidden, false);
  if (type == "qwen2_audio") return encoder + positions + dense(t.hidden, textHidden);
  return encoder + 2 * t.hidden + dense(t.hidden, outOf(c, "output_dim", textHidden));
}

/// The tower of a vision_config and its projector; nothing if the class is not known.
std::optional<Int128> visionTower(const ConfigView& root, const ConfigView& v, Int128 text) {
  const std::string_view type = root.text("model_type");
  const std::string_view kind = v.text("model_type");
  const auto is = [&](std::string_view prefix) { return type.starts_with(prefix); };
  if (is("qwen2_5_vl") || is("qwen2_5_omni")) return qwen25Tower(v, text);
  if (is("qwen2_vl")) return qwen2Tower(v, text);
  if (is("qwen3_vl") || is("qwen3_5")) return qwen3Tower(v, text);
  if (is("internvl")) return internTower(root, v, text);
  if (is("mllama")) return mllamaTower(v, text);
  if (is("llama4")) return llama4Tower(v, text);
  if (is("kimi")) return moonTower(v, text);
  const Tower t = readTower(v, kind == "pixtral"               ? Tower{1024, 4096, 24, 16, 1024}
                               : kind == "clip_vision_model" ? Tower{768, 3072, 12, 32, 224}
                                                             : Tower{768, 3072, 12, 16, 224});
  if (is("gemma3")) return siglipTower(t) + t.hidden + t.hidden * text;
  if (is("mistral3")) {
    const Int128 merge = mergeOf(root);
    const bool bias = root.flag("multimodal_projector_bias", false);
    return pixtralTower(t) + t.hidden + t.hidden * merge * merge * t.hidden + twoLayers(t.hidden, text, text, bias);
  }
  if (is("paligemma")) return siglipTower(t) + dense(t.hidden, text);
  if (is("clip")) return clipTower(t);
  if (is("siglip")) return siglipTower(t) + siglipHead(t);
  if (is("idefics3") || is("smolvlm")) {
    const Int128 scale = mergeOf(root, "scale_factor");
    return siglipTower(t) + t.hidden * scale * scale * text;
  }
  if (is("llava")) {
    const bool bias = root.flag("multimodal_projector_bias", true);
    const Int128 projector = twoLayers(t.hidden, text, text, bias);
    const Int128 newline = is("llava_next") || is("llava_onevision") ? text : Int128{0};
    if (kind == "pixtral") return pixtralTower(t) + projector;
    if (kind == "siglip_vision_model") return siglipTower(t) + projector + newline;
    if (kind == "clip_vision_model" || kind.empty()) return clipTower(t) + projector + newline;
  }
  return std::nullopt;
}

/// What images take while they are encoded: the largest image of the class, and the widths of this tower.
void readEncoder(const ConfigView& root, const ConfigView& v, Architecture& a) {
  const VisionEncoder* const known = findVisionEncoder(root.text("model_type"));
  if (known == nullptr) return;
  a.visionEncoder = *known;
  VisionEncoder& e = *a.visionEncoder;
  const bool ofQwen2 = e.name == "qwen2_vl";  // there hidden_size is the text model's
  e.hidden = std::max<std::int64_t>(1, static_cast<std::int64_t>(bounded(v, ofQwen2 ? "embed_dim" : "hidden_size", e.hidden)));
  e.intermediate = static_cast<std::int64_t>(bounded(v, "intermediate_size", e.intermediate));
}

}  // namespace

void readTowers(const ConfigView& root, Architecture& a) {
  const ConfigView thinker = root.in("thinker_config");
  const ConfigView& holder = thinker.exists() ? thinker : root;
  const ConfigView vision = holder.in("vision_config");
  const ConfigView audio = holder.in("audio_config");
  const bool other = root.has("vision_tower") || root.has("mm_vision_tower") || root.has("speech_config");
  if (!vision.exists() && !audio.exists() && !other) return;
  a.vision = true;
  bool unknown = other && !vision.exists();
  if (vision.exists()) {
    const auto tower = visionTower(root, vision, a.hidden);
    if (tower) rules::addTo(a.visionParameters, *tower);
    else unknown = a.visionParameters == 0;
  }
  if (audio.exists()) {
    const std::string_view type = root.text("model_type");
    if (type == "qwen2_audio" || type == "qwen2_5_omni" || type == "voxtral")
      rules::addTo(a.visionParameters, audioTower(audio, type, a.hidden));
    else if (a.visionParameters == 0 || type != "gemma3n") unknown = true;
  }
  if (unknown && a.unmodelled.empty()) a.unmodelled = kUnknownTower;
  if (!audio.exists()) readEncoder(root, vision, a);
}

}  // namespace rightslice::model
