// What flags and shape say of how a model is served; the engine adds its defaults.
#include <algorithm>

#include "model/device_sizes.hpp"
#include "model/engine_defaults.hpp"
#include "model/kv_dtype.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;  // written lengths beyond this count as this
constexpr std::int64_t kMostDevices = 1 << 16;

std::int64_t bounded(std::optional<std::int64_t> value, std::int64_t fallback, std::int64_t most) {
  return std::clamp<std::int64_t>(value.value_or(fallback), 1, most);
}

// The first release that takes the type from the checkpoint where none is written (resolve_kv_cache_dtype_string).
constexpr Version kReadsCheckpoint{0, 12, 0};

void readKvDtype(ServingPlan& plan, const EstimateInput& input) {
  plan.kvBitsTwice = plan.kvValueBitsTwice = plan.kvLowBitsTwice = plan.elementBytes * 16;
  const auto& written = input.kvCacheDtype ? input.kvCacheDtype : input.run->settings.kvCacheDtype;
  const bool automatic = !written || *written == "auto";
  const std::string_view name = automatic ? std::string_view(plan.detail->kvCacheDtype) : std::string_view(*written);
  if (name.empty()) return;
  const KvDtype* type = findKvDtype(name);
  if (type == nullptr) {
    plan.kvDtypeUnknown = true;
    return;
  }
  if (automatic) plan.kvLowBitsTwice = std::min({plan.kvLowBitsTwice, type->keyBitsTwice, type->valueBitsTwice});
  // A checkpoint's own type holds in recent releases; elsewhere it may hold, so only the low end counts with it.
  const bool reads = plan.version && *plan.version >= kReadsCheckpoint && input.run->memoryRule()->name == "vllm";
  if (automatic && (!reads || plan.detail->kvCachePerhaps)) return;
  plan.kvBitsTwice = plan.kvLowBitsTwice = type->keyBitsTwice;
  plan.kvValueBitsTwice = type->valueBitsTwice;
  plan.kvHeadBytes = type->headBytes;
}

void readFraction(ServingPlan& plan, const EstimateInput& input) {
  if (const auto written = input.run->settings.memoryFraction) {
    plan.fractionLow = plan.fraction = plan.fractionHigh = *written;
    return;
  }
  const auto usual = defaultOf(*input.run->memoryRule(), Default::MemoryFraction, plan.version, input.device);
  if (!usual) return;
  plan.fractionLow = usual->low;
  plan.fraction = usual->value;
  plan.fractionHigh = usual->high;
}

}  // namespace

ServingPlan servingPlan(const EstimateInput& input) {
  const Architecture& a = *input.architecture;
  const Settings& settings = input.run->settings;
  ServingPlan plan;
  plan.architecture = &a;
  plan.version = parseVersion(input.run->version);
  const auto flagFormat = settings.quantization ? parseFormat(*settings.quantization) : std::nullopt;
  plan.format = input.format.value_or(flagFormat.value_or(a.format));
  plan.detail = plan.format == a.format ? &a.quantization : &input.detail;
  plan.tensorParallel = bounded(settings.tensorParallelSize, 1, kMostDevices);
  plan.pipelineParallel = bounded(settings.pipelineParallelSize, 1, std::max<std::int64_t>(a.layers, 1));
  plan.layers = ceilDiv(a.layers, plan.pipelineParallel);
  plan.elementBytes = settings.dtype == "float32" ? 4 : 2;  // fp32 checkpoints are served in 16 bit
  readKvDtype(plan, input);

  const double positions = static_cast<double>(settings.maxPositions.value_or(a.maxPositions));
  const double factor = settings.ropeFactor.value_or(settings.maxPositions ? 1 : a.ropeFactor);
  const auto stretched = static_cast<std::int64_t>(std::min(positions * factor, 1e12));
  plan.autoLength = settings.maxModelLenAuto;
  plan.maxModelLen = bounded(settings.maxModelLen, stretched > 0 ? stretched : 2048, kMostTokens);
  plan.blockSize = bounded(settings.blockSize, 1, 1 << 20);
  plan.maxNumSeqs = bounded(settings.maxNumSeqs, 1, kMostTokens);
  plan.maxNumBatchedTokens = bounded(settings.maxNumBatchedTokens, 1, kMostTokens);
  plan.kvRule = input.run->memoryRule()->kvRule.value_or(KvRule::None);
  plan.whenShort = input.run->memoryRule()->whenShort;
  plan.fractionOf = input.run->memoryRule()->fractionOf;
  readFraction(plan, input);
  if (auto* const complete = input.run->memoryRule()->plan) complete(plan, input);
  const bool said = input.formatConfidence == Confidence::High;
  if (input.formatDoubt && !said && input.formatDoubt->expected == plan.format) plan.doubt = &*input.formatDoubt;
  plan.concurrency = std::min(bounded(input.load.concurrency, 1, kMostTokens), plan.maxNumSeqs);
  plan.context = std::min(bounded(input.load.context, 1, kMostTokens), plan.maxModelLen);
  if (settings.kvCacheMemoryBytes) plan.absolutePool = std::min(*settings.kvCacheMemoryBytes, kMaxBytes);
  else if (settings.numGpuBlocks) {
    const PoolCharge charge = poolCharge(plan);
    plan.absolutePool = timesBytes(*settings.numGpuBlocks, ceilDiv(timesBytes(plan.blockSize, charge.perToken), charge.groups));
  } else if (settings.poolTokens) {
    plan.absolutePool = timesBytes(*settings.poolTokens, kvBytesPerToken(plan));
  }
  return plan;
}

}  // namespace rightslice::model
