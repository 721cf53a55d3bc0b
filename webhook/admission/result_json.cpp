#include "admission/result_json.hpp"

#include "model/engine.hpp"

namespace rightslice::admission {
namespace {

using json::Writer;

void writeSettings(Writer& out, const model::Settings& settings) {
  out.key("settings").beginObject();
  const auto integer = [&](std::string_view name, const std::optional<std::int64_t>& value) {
    if (value) out.member(name, *value);
  };
  const auto text = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) out.member(name, std::string_view(*value));
  };
  integer("tensorParallelSize", settings.tensorParallelSize);
  integer("pipelineParallelSize", settings.pipelineParallelSize);
  integer("dataParallelSize", settings.dataParallelSize);
  integer("maxModelLen", settings.maxModelLen);
  integer("maxNumSeqs", settings.maxNumSeqs);
  integer("maxNumBatchedTokens", settings.maxNumBatchedTokens);
  integer("blockSize", settings.blockSize);
  if (settings.memoryFraction) out.key("memoryFraction").number(*settings.memoryFraction);
  text("dtype", settings.dtype);
  text("quantization", settings.quantization);
  text("kvCacheDtype", settings.kvCacheDtype);
  integer("kvCacheMemoryBytes", settings.kvCacheMemoryBytes);
  integer("numGpuBlocks", settings.numGpuBlocks);
  if (settings.cpuOffloadGb) out.key("cpuOffloadGb").number(*settings.cpuOffloadGb);
  if (settings.enforceEager) out.memberBool("enforceEager", true);
  out.endObject();
}

void writeNeed(Writer& out, const model::Need& need) {
  out.key("need").beginObject();
  out.member("minimumBytes", need.minimum).member("bytes", need.bytes);
  if (need.high) out.member("highBytes", *need.high);
  out.member("source", model::name(need.source)).member("confidence", model::name(need.confidence));
  out.key("terms").beginArray();
  for (const auto& term : need.terms) {
    out.beginObject().member("name", std::string_view(term.name)).member("bytes", term.bytes).member("from", std::string_view(term.from));
    if (term.open) out.memberBool("open", true);
    out.endObject();
  }
  out.endArray().endObject();
}

void writeContainer(Writer& out, const policy::ContainerJudgement& container) {
  out.beginObject().member("name", std::string_view(container.name));
  if (!container.engine.empty()) out.member("engine", std::string_view(container.engine));
  if (!container.model.empty()) out.member("model", std::string_view(container.model));
  if (container.settings) writeSettings(out, *container.settings);
  if (const auto& requested = container.requested) {
    out.key("requested").beginObject().member("resource", std::string_view(requested->resource));
    if (!requested->profile.empty()) out.member("profile", std::string_view(requested->profile));
    out.member("count", requested->count);
    if (!requested->gpus.empty()) {
      out.key("gpus").beginArray();
      for (const auto& gpu : requested->gpus) out.string(gpu);
      out.endArray();
    }
    if (requested->usable) out.member("usableBytes", *requested->usable);
    out.endObject();
  }
  if (container.need) writeNeed(out, *container.need);
  if (const auto& recommended = container.recommended) {
    out.key("recommended").beginObject().member("resource", std::string_view(recommended->resource));
    if (!recommended->profile.empty()) out.member("profile", std::string_view(recommended->profile));
    if (recommended->count) out.member("count", *recommended->count);
    if (recommended->usable) out.member("usableBytes", *recommended->usable);
    if (!recommended->flags.empty()) {
      out.key("flags").beginObject();
      for (const auto& [flag, value] : recommended->flags) out.member(flag, std::string_view(value));
      out.endObject();
    }
    out.endObject();
  }
  if (!container.remedy.empty()) {
    out.key("remedy").beginObject().key("flags").beginObject();
    for (const auto& [flag, value] : container.remedy) out.member(flag, std::string_view(value));
    out.endObject().endObject();
  }
  if (const auto& cost = container.cost) {
    out.key("monthlyCost").beginObject().member("currency", std::string_view(cost->currency));
    out.key("requested").hundredths(cost->requestedCents);
    if (cost->recommendedCents) out.key("recommended").hundredths(*cost->recommendedCents);
    if (cost->wasteCents) out.key("waste").hundredths(*cost->wasteCents);
    if (cost->defaultBook) out.member("defaultPrices", std::string_view(cost->bookDate));
    out.endObject();
  }
  out.endObject();
}

}  // namespace

void writeResult(Writer& out, const policy::Judgement& judgement, const Origin& origin, const std::function<void(Writer&)>& more) {
  out.beginObject();
  if (!origin.file.empty()) out.member("file", std::string_view(origin.file));
  if (origin.document > 0) out.member("document", std::int64_t{origin.document});
  if (origin.item > 0) out.member("item", std::int64_t{origin.item});
  out.member("kind", std::string_view(judgement.kind)).member("namespace", std::string_view(judgement.ns)).member("name", std::string_view(judgement.name));
  out.key("policies").beginArray();
  for (const auto& policy : judgement.policies) out.string(policy);
  out.endArray();
  if (judgement.mode) out.member("mode", policy::name(*judgement.mode));
  out.member("decision", policy::name(judgement.decision));
  if (judgement.wouldBe) out.member("wouldBe", policy::name(*judgement.wouldBe));
  out.key("containers").beginArray();
  for (const auto& container : judgement.containers) writeContainer(out, container);
  out.endArray();
  out.key("unknown").beginArray();
  for (const auto& text : judgement.unknown) out.string(text);
  out.endArray();
  out.key("findings").beginArray();
  for (const auto& finding : judgement.findings) {
    out.beginObject().member("code", policy::name(finding.code)).member("action", policy::name(finding.action));
    if (!finding.container.empty()) out.member("container", std::string_view(finding.container));
    out.member("path", std::string_view(finding.path)).member("message", std::string_view(finding.message)).endObject();
  }
  out.endArray();
  out.key("patch").raw(json::patchText(judgement.patch));
  if (more) more(out);
  out.endObject();
}

}  // namespace rightslice::admission
