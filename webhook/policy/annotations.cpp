#include "policy/annotations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/limits.hpp"
#include "base/nearest.hpp"
#include "base/quantity.hpp"
#include "json/view.hpp"
#include "model/architecture.hpp"

namespace rightslice::policy {
namespace {

constexpr std::string_view kDomain = "rightslice.io/";
constexpr std::int64_t kMaxCount = 1'000'000'000;

std::optional<std::int64_t> positiveInteger(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > kMaxCount) return std::nullopt;
  return value;
}

bool isKvCacheDtype(std::string_view text) {
  static constexpr std::array<std::string_view, 14> kKnown = {
      "auto", "float16", "bfloat16", "fp16", "bf16", "half", "float32", "fp8", "fp8_e4m3", "fp8_e5m2", "fp8_ds_mla", "int8",
      "f16", "q8_0"};
  return std::find(kKnown.begin(), kKnown.end(), text) != kKnown.end();
}

/// One key that people may write: how its value is read, and its grammar for the message.
struct Key {
  std::string_view name;
  std::string_view grammar;
  bool (*read)(std::string_view value, Annotations& out);  // false: malformed
};

constexpr std::array<Key, 8> kKeys = {{
    {"model", "the name of a model, such as Qwen/Qwen2.5-7B-Instruct",
     [](std::string_view value, Annotations& out) {
       if (value.empty() || value.size() > limits::kMaxModelName || value.find_first_of(" \t\r\n") != std::string_view::npos) return false;
       out.model = std::string(value);
       return true;
     }},
    {"footprint", "a quantity above 0, such as 7Gi: the peak without the unused KV pool",
     [](std::string_view value, Annotations& out) {
       const auto quantity = Quantity::parse(value);
       if (!quantity || quantity->isNegative() || quantity->isZero()) return false;
       out.footprint = quantity->bytes();
       return true;
     }},
    {"concurrency", "a whole number above 0: requests at the same time",
     [](std::string_view value, Annotations& out) { return (out.concurrency = positiveInteger(value)).has_value(); }},
    {"context", "a whole number above 0: tokens per request",
     [](std::string_view value, Annotations& out) { return (out.context = positiveInteger(value)).has_value(); }},
    {"quantization", "none, fp8, fp8-block, int8, awq, gptq, gptq-int8, w4a16, nf4, mxfp4 or nvfp4",
     [](std::string_view value, Annotations& out) {
       if (!model::parseFormat(value)) return false;
       out.quantization = std::string(value);
       return true;
     }},
    {"kv-cache-dtype", "auto, fp8, fp8_e4m3, fp8_e5m2, bfloat16 or float16",
     [](std::string_view value, Annotations& out) {
       if (!isKvCacheDtype(value)) return false;
       out.kvCacheDtype = std::string(value);
       return true;
     }},
    {"min-compute-slices", "a whole number from 1 to 8",
     [](std::string_view value, Annotations& out) {
       const auto slices = positiveInteger(value);
       if (!slices || *slices > 8) return false;
       out.minComputeSlices = static_cast<int>(*slices);
       return true;
     }},
    {"original-request", "written by the webhook: container=asked:count>written, comma separated",
     [](std::string_view value, Annotations&) { return parseOriginalRequests(value).has_value(); }},
}};

/// A key taken apart: the container prefix (may be empty) and the name after the slash. Nothing if it is not ours.
struct Parts {
  std::string_view container, name;
};
std::optional<Parts> takeApart(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto domain = key.substr(0, slash + 1);
  if (domain == kDomain) return Parts{{}, key.substr(slash + 1)};
  if (domain.size() > kDomain.size() + 1 && domain.ends_with(kDomain) && domain[domain.size() - kDomain.size() - 1] == '.')
    return Parts{domain.substr(0, domain.size() - kDomain.size() - 1), key.substr(slash + 1)};
  return std::nullopt;
}

const Key* findKey(std::string_view name) {
  const auto at = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.name == name; });
  return at == kKeys.end() ? nullptr : &*at;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string annotationPath(std::string_view metadata, std::string_view key) {
  return std::string(metadata) + "/annotations/" + json::escapeToken(key);
}

using Names = std::set<std::string_view>;

Names containerNames(const workload::Workload& workload) {
  Names names;
  for (const auto& pod : workload.templates)
    for (const auto& container : pod.containers) names.insert(container.name);
  return names;
}

std::string allKeys() {
  std::string text;
  for (const auto& key : kKeys)
    if (key.name != "original-request") text += fmt::format("{}{}", text.empty() ? "" : ", ", key.name);
  return text;
}

void collect(const Names& containers, const Pairs& pairs, std::string_view metadata, std::vector<AnnotationFault>& out) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& key : kKeys) all.emplace_back(key.name);
    return all;
  }();
  for (const auto& [name, value] : pairs) {
    const auto parts = takeApart(name);
    if (!parts) continue;
    const auto path = annotationPath(metadata, name);
    const bool known = parts->container.empty() || containers.count(parts->container) > 0;
    const std::string container = known ? std::string(parts->container) : std::string();
    if (!known) {
      out.push_back({"", path, fmt::format("annotation {}: no container is named '{}'", name, parts->container)});
      continue;
    }
    const Key* key = findKey(parts->name);
    if (key == nullptr) {
      const auto suggestion = nearest(parts->name, names);
      out.push_back({container, path,
                     suggestion ? fmt::format("annotation {}: unknown key '{}'; did you mean '{}'?", name, parts->name, *suggestion)
                                : fmt::format("annotation {}: unknown key '{}'; known keys are {}", name, parts->name, allKeys())});
      continue;
    }
    Annotations ignored;
    if (!key->read(value, ignored))
      out.push_back({container, path,
                     fmt::format("annotation {}: '{}' is not {}; the value counts as absent", name, value, key->grammar)});
  }
}

}  // namespace

OwnAnnotations::OwnAnnotations(const workload::Workload& workload, const workload::PodTemplate& pod) : metadata_(pod.metadataPointer) {
  const auto find = [](const Pairs& pairs, Values& out) {
    for (const auto& [name, value] : pairs)
      if (takeApart(name)) out.emplace(name, value);
  };
  find(pod.annotations, template_);
  find(workload.annotations, object_);
}

Annotations OwnAnnotations::of(std::string_view container) const {
  Annotations out;
  if (template_.empty() && object_.empty()) return out;
  const std::string prefixed = fmt::format("{}.{}", container, kDomain);
  for (const auto& key : kKeys) {
    for (const auto& domain : {prefixed, std::string(kDomain)}) {
      const std::string name = domain + std::string(key.name);
      // A malformed value counts as absent, so the next place is asked.
      const auto reads = [&](const Values& values, std::string_view metadata) {
        const auto at = values.find(name);
        if (at == values.end() || !key.read(at->second, out)) return false;
        if (key.name == "footprint") out.footprintPath = annotationPath(metadata, name);
        return true;
      };
      if (reads(template_, metadata_) || reads(object_, "/metadata")) break;
    }
  }
  return out;
}

std::vector<AnnotationFault> annotationFaults(const workload::Workload& workload) {
  std::vector<AnnotationFault> out;
  const Names containers = containerNames(workload);
  bool objectSeen = false;
  for (const auto& pod : workload.templates) {
    if (pod.metadataPointer.empty()) continue;
    collect(containers, pod.annotations, pod.metadataPointer, out);
    objectSeen = objectSeen || pod.metadataPointer == "/metadata";
  }
  if (!objectSeen) collect(containers, workload.annotations, "/metadata", out);
  return out;
}

std::optional<std::vector<OriginalRequest>> parseOriginalRequests(std::string_view text) {
  std::vector<OriginalRequest> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto entry = text.substr(0, comma);
    const auto equals = entry.find('=');
    const auto arrow = entry.find('>');
    if (equals == std::string_view::npos || arrow == std::string_view::npos || arrow < equals) return std::nullopt;
    const auto colon = entry.substr(0, arrow).rfind(':');
    if (colon == std::string_view::npos || colon < equals) return std::nullopt;
    const auto count = positiveInteger(entry.substr(colon + 1, arrow - colon - 1));
    OriginalRequest one{std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1, colon - equals - 1)),
                        std::string(entry.substr(arrow + 1)), count.value_or(0)};
    if (!count || one.container.empty() || one.asked.empty() || one.written.empty()) return std::nullopt;
    out.push_back(std::move(one));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::string formatOriginalRequests(std::vector<OriginalRequest> entries) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.container < b.container; });
  std::string text;
  for (const auto& entry : entries)
    text += fmt::format("{}{}={}:{}>{}", text.empty() ? "" : ",", entry.container, entry.asked, entry.count, entry.written);
  return text;
}

}  // namespace rightslice::policy
