// The draft of speculative decoding: its weights, and its keys and values, which lie in the target's pool. Shapes of
// EAGLE and Medusa heads: vLLM's model_executor/models/llama_eagle.py, llama_eagle3.py, medusa.py; of DeepSeek's own
// layer: deepseek_mtp.py.
#include <algorithm>

#include "model/device_sizes.hpp"

namespace rightslice::model {
namespace {

using Method = DraftSettings::Method;

constexpr std::int64_t kUsualTokens = 5;
constexpr std::int64_t kDraftVocabulary = 32'000;  // of EAGLE-3 heads: the most frequent tokens

Bytes saturated(Int128 value) { return value > kMaxBytes ? kMaxBytes : static_cast<Bytes>(value); }

/// One layer of the target as a model of its own.
Architecture oneLayer(const Architecture& target, bool ofExperts) {
  Architecture a = target;
  a.layers = 1;
  a.vocab = 1;
  a.firstDenseLayers = a.layersWithoutAttention = a.layersWithoutFeedForward = a.sharedKvLayers = 0;
  a.moeLayerStep = 1;
  a.moeLayers = ofExperts && a.experts > 0 ? 1 : 0;
  if (!ofExperts) {
    if (a.intermediate == 0) a.intermediate = 4 * std::min<std::int64_t>(a.hidden, 1 << 24);
    a.experts = 0;
  }
  a.slidingWindow = a.slidingLayers = 0;
  a.fullLayers = 1;
  a.recurrent = {};
  a.attentionShapes.clear();
  a.feedForwardShapes.clear();
  a.visionParameters = a.extraLinear = a.extraParameters = a.positionRows = a.typeRows = a.encoderTokens = 0;
  a.maxPositions = 0;
  a.declaredParameters.reset();
  a.measuredWeights.reset();
  a.guess.reset();
  return a;
}

Interval times(const Interval& interval, std::int64_t low, std::int64_t high) {
  return {saturated(Int128{interval.low} * low / 100), interval.bytes, saturated(Int128{interval.high} * high / 100)};
}

}  // namespace

std::unique_ptr<DraftOnDevice> draftOn(const ServingPlan& plan, const EstimateInput& input) {
  const DraftSettings& settings = input.run->draft;
  const Architecture& target = *plan.architecture;
  if (settings.method == Method::None || settings.method == Method::Weightless) return nullptr;
  if (settings.method == Method::Unknown || (settings.method == Method::Model && input.draft == nullptr))
    return nullptr;

  auto draft = std::make_unique<DraftOnDevice>();
  EngineRun plain;  // flags of the target that change its weights are not the draft's
  plain.engine = input.run->engine;
  const Int128 h = target.hidden;
  const Int128 element = plan.elementBytes;
  const std::int64_t tp = plan.tensorParallel;
  const auto planOf = [&](const Architecture& a) {
    ServingPlan own = plan;
    own.architecture = &a;
    own.pipelineParallel = 1;
    own.layers = a.layers;
    own.format = Format::None;
    own.detail = &a.quantization;
    own.doubt = nullptr;
    return own;
  };
  const auto linearBytes = [&](const Architecture& a) { return Int128{countParameters(a).linear} * element; };

  if (settings.method == Method::Model) {
    draft->plan = planOf(*input.draft);
    draft->plan.format = input.draftFormat.value_or(input.draft->format);
    if (draft->plan.format != input.draft->format) draft->plan.detail = &input.detail;
    draft->weights =
        weightsOn(draft->plan, countParameters(*input.draft), plain, input.device.isA100, input.device.memory.has_value());
    draft->from = input.draft->id;
    return draft;
  }
  draft->shape = oneLayer(target, settings.method == Method::Mtp);
  draft->plan = planOf(draft->shape);
  const Int128 table = h * target.vocab * element;
  switch (settings.method) {
    case Method::Eagle: {  // a layer, and a projection from features and embedding
      const Bytes size = saturated((linearBytes(draft->shape) + 2 * h * h * element) / tp);
      draft->weights = times({size, size, size}, 50, 130);
      draft->weights.high = plusBytes(draft->weights.high, saturated(2 * table / tp));  // tables of its own
      draft->from = "EAGLE: one layer of the target's shape";
      break;
    }
    case Method::Eagle3: {  // features of three layers; attention sees embedding and features
      const Int128 wider = h * (Int128{target.heads} + 2 * target.kvHeads) * target.headDim;
      const Int128 head = h * std::min<std::int64_t>(kDraftVocabulary, target.vocab);
      const Bytes size = saturated((linearBytes(draft->shape) + (3 * h * h + wider + head) * element) / tp);
      draft->weights = times({size, size, size}, 50, 130);
      draft->weights.high = plusBytes(draft->weights.high, saturated(2 * table / tp));
      draft->from = "EAGLE-3: one layer of the target's shape and a head of 32000 tokens";
      break;
    }
    case Method::Medusa: {
      const std::int64_t heads = std::min<std::int64_t>(settings.tokens.value_or(kUsualTokens), 1000);
      draft->weights = {saturated(heads * h * h * element / tp), saturated(heads * (h * h * element + table) / tp),
                        saturated(heads * (2 * h * h * element + table) / tp)};
      draft->plan.layers = 0;  // heads keep no keys and values
      draft->shape.layers = 0;
      draft->from = "Medusa: a block and a head for each token guessed";
      break;
    }
    default: {  // the checkpoint's own layer, in its format, and a projection of two features
      draft->plan.format = plan.format;
      draft->plan.doubt = plan.doubt;
      draft->plan.detail = &draft->shape.quantization;
      const ParameterCount count = countParameters(draft->shape);
      draft->weights = weightsOn(draft->plan, count, plain, input.device.isA100, input.device.memory.has_value());
      const Bytes projection = saturated(2 * h * h * element);
      draft->weights.bytes = plusBytes(draft->weights.bytes, projection);
      // Some checkpoints keep this layer wide whatever the others are, or bring tables of their own.
      const Bytes wide = saturated(Int128{count.total} * element / tp + 2 * table / tp);
      draft->weights.high = plusBytes(std::max(draft->weights.high, wide), projection);
      draft->from = "the layer for guessing that the checkpoint brings";
      break;
    }
  }
  return draft;
}

}  // namespace rightslice::model
