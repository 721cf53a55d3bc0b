#include "cli/size_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gpu/resource_name.hpp"
#include "json/writer.hpp"

namespace rightslice::cli {

namespace {

bool holds(Bytes usable, Bytes high, int headroomTenths) {
  return static_cast<Int128>(usable) * 1000 >= static_cast<Int128>(high) * (1000 + headroomTenths);
}

std::string percent(int tenths) {
  return tenths % 10 == 0 ? fmt::format("{} %", tenths / 10) : fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string about(std::int64_t parameters) {
  const double count = static_cast<double>(parameters);
  return parameters >= 1'000'000'000 ? fmt::format("{:.2f} billion", count / 1e9)
                                     : fmt::format("{:.0f} million", count / 1e6);
}

std::string slicesText(const Sizing& sizing, const Style& style) {
  std::vector<std::vector<std::string>> rows{{"GPU", "slice", "resource", "holds", "left", ""}};
  const gpu::Product* last = nullptr;
  for (const auto& slice : sizing.slices) {
    if (!slice.fits && slice.withFlags.empty()) continue;
    rows.push_back({slice.product == last ? "" : slice.product->title, slice.profile->name, slice.resource,
                    (slice.usable.standIn ? "~" : "") + formatBytes(slice.usable.bytes), formatBytes(slice.freeBytes),
                    slice.withFlags.empty() ? "" : "with " + slice.withFlags});
    last = slice.product;
  }
  const std::string heading = fmt::format("slices that hold it, with {} headroom", percent(sizing.headroomTenths));
  if (rows.size() > 1) {
    std::string text = "\n" + style.paint(Colour::Bold, heading) + "\n" + table(rows, {3, 4}, "  ");
    const bool estimated = std::any_of(sizing.slices.begin(), sizing.slices.end(), [](const auto& s) {
      return (s.fits || !s.withFlags.empty()) && s.usable.standIn;
    });
    return estimated ? text + "  ~ estimated: nobody has measured this slice\n" : text;
  }
  if (!sizing.estimate.need.high)
    return "\nNo slice can be named: a part of the need is not modelled, so its upper end is not known.\n";
  return fmt::format("\nNo slice holds it with {} headroom{}.\n", percent(sizing.headroomTenths),
                     sizing.slices.empty() ? ": no known slice was asked about" : "");
}

}  // namespace

std::vector<SizedSlice> sizeSlices(const model::EstimateInput& input, const std::vector<const gpu::Product*>& products,
                                   int headroomTenths) {
  std::vector<SizedSlice> result;
  const auto plugin = gpu::ResourceName::parse("nvidia.com/gpu");
  for (const auto* product : products) {
    for (const auto& profile : product->profiles) {
      const auto usable = gpu::usable(*product, profile);
      if (!usable) continue;
      model::EstimateInput there = input;
      there.device.memory = usable->bytes;
      there.device.isA100 = product->title.starts_with("A100");
      const auto estimate = model::estimate(there);
      if (!estimate) continue;
      SizedSlice slice{product, &profile, gpu::resourceFor(profile.name, plugin),
                       *usable, false,    usable->bytes - estimate->need.bytes,
                       {}};
      if (estimate->need.high && holds(usable->bytes, *estimate->need.high, headroomTenths)) {
        const auto start = model::startsOn(there, *estimate, usable->bytes);
        slice.fits = start.surely;
        for (const auto& [flag, value] : start.flags)
          if (!start.surely)
            slice.withFlags += (slice.withFlags.empty() ? "" : " ") + flag + (value.empty() ? "" : " " + value);
      }
      result.push_back(std::move(slice));
    }
  }
  return result;
}

std::string sizingJson(const Sizing& sizing) {
  const auto& estimate = sizing.estimate;
  json::Writer out(2);
  out.beginObject()
      .member("model", sizing.model)
      .member("parameters", estimate.parameters)
      .member("engine", sizing.engine);
  out.member("confidence", model::name(estimate.need.confidence));
  out.key("perGpu").beginObject();
  out.member("weightsBytes", estimate.weights)
      .member("kvBytesPerToken", estimate.kvBytesPerToken)
      .member("kvBytes", estimate.kv);
  out.member("activationBytes", estimate.activations)
      .member("graphsBytes", estimate.graphs)
      .member("runtimeBytes", estimate.runtime);
  out.member("minimumBytes", estimate.need.minimum).member("totalBytes", estimate.need.bytes);
  if (estimate.need.high) out.member("highBytes", *estimate.need.high);
  out.endObject();
  if (sizing.pool)
    out.key("kvPool")
        .beginObject()
        .member("bytes", sizing.pool->bytes)
        .member("tokens", sizing.pool->tokens)
        .endObject();
  out.key("terms").beginArray();
  for (const auto& term : estimate.need.terms) {
    out.beginObject().member("name", term.name).member("bytes", term.bytes);
    // The interval of a term; one that is not modelled has none.
    if (!term.open) out.member("lowBytes", term.low).member("highBytes", term.high);
    out.member("from", term.from).endObject();
  }
  out.endArray().key("slices").beginArray();
  for (const auto& slice : sizing.slices) {
    out.beginObject()
        .member("gpu", slice.product->label())
        .member("profile", slice.profile->name)
        .member("resource", slice.resource);
    out.member("usableBytes", slice.usable.bytes)
        .memberBool("fits", slice.fits)
        .member("freeBytes", slice.freeBytes)
        .endObject();
  }
  out.endArray().endObject();
  return out.take() + "\n";
}

std::string sizingText(const Sizing& sizing, const Style& style) {
  const auto& estimate = sizing.estimate;
  const auto& need = estimate.need;
  std::string text = fmt::format("{} on {}: {} parameters, {} confidence\n", style.paint(Colour::Bold, sizing.model),
                                 sizing.engine, about(estimate.parameters), model::name(need.confidence));
  text += fmt::format("load: {} requests at once, {} tokens each; maximum length {}{}\n\n", estimate.concurrency,
                      estimate.context, estimate.maxModelLen,
                      sizing.devices > 1 ? fmt::format("; shared by {} GPUs, figures are of one", sizing.devices) : "");
  std::size_t nameWidth = 8;
  for (const auto& term : need.terms) nameWidth = std::max(nameWidth, term.name.size());
  for (const auto& term : need.terms) {
    const std::string first =
        fmt::format("  {:<{}} {:>10}  ", term.name, nameWidth, term.open ? "unknown" : formatBytes(term.bytes));
    text += wrap(term.from, style.width, first, std::string(first.size(), ' '));
  }
  const auto total = [&](const char* label, const std::string& size, const char* meaning) {
    text += style.paint(Colour::Bold, fmt::format("  {:<{}} {:>10}", label, nameWidth, size)) +
            fmt::format("  {}\n", meaning);
  };
  text += "\n";
  total("minimum", formatBytes(need.minimum), "without it the engine does not start");
  total("need", formatBytes(need.bytes), "expected, under this load");
  total("high", need.high ? formatBytes(*need.high) : "unknown",
        need.high ? "the upper end of the estimate" : "a part is not modelled");
  text += fmt::format("\nKV cache: {} per token and GPU\n", formatBytes(estimate.kvBytesPerToken));
  if (sizing.pool && sizing.deviceMemory)
    text += fmt::format("KV pool on {}: {}, {} tokens\n", formatBytes(*sizing.deviceMemory),
                        formatBytes(sizing.pool->bytes), sizing.pool->tokens);
  return text + slicesText(sizing, style);
}

}  // namespace rightslice::cli
