#include "cli/size_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/utf8.hpp"
#include "json/writer.hpp"

namespace rightslice::cli {

namespace {

struct TermMeaning {
  std::string_view name, meaning;
};
constexpr TermMeaning kMeanings[] = {
    {"weights", "The parameters as they lie on one GPU. Counted from the model's shape, matrix by matrix, each in "
                "the bits of its "
                "format; what a format leaves in 16 bit is counted so. A build quantised further makes it smaller."},
    {"kvCache", "Keys and values of the tokens that requests have in flight. Per token: layers x 2 x KV heads x head "
                "size x bytes, "
                "less for latent attention and sliding windows. Fewer requests, shorter ones, or an 8-bit cache make "
                "it smaller. "
                "What an engine takes beyond it is its pool, which grows to fill the slice."},
    {"activations", "What one step of the engine holds while it computes, at the peak of the run that engines make "
                    "at the start: "
                    "logits of every sequence that may run at once, or one batch of tokens through the widest layer. "
                    "A lower "
                    "limit of sequences or tokens per step makes it smaller."},
    {"graphs", "CUDA graphs, recorded once for several batch sizes so that decoding starts faster. Eager execution "
               "takes none and is slower."},
    {"cudaContext", "What CUDA takes for a process before the engine does anything; more where GPUs talk to each other. No "
                    "flag changes it."},
    {"runtime", "Code of kernels, libraries and their workspaces, and buffers for GPUs to talk to each other, outside of "
                "PyTorch. No flag changes it."},
    {"margin", "Room for fragmentation, counted only at the high end."},
    {"images", "The image or audio encoder and what its largest input takes in the first run."},
};

std::string percent(int tenths) {
  return tenths % 10 == 0 ? fmt::format("{} %", tenths / 10) : fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string about(std::int64_t parameters) {
  const double count = static_cast<double>(parameters);
  return parameters >= 1'000'000'000 ? fmt::format("{:.2f} billion", count / 1e9)
                                     : fmt::format("{:.0f} million", count / 1e6);
}

std::string counted(std::int64_t count, std::string_view what) { return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s"); }

std::string heading(const Style& style, std::string_view text) { return "\n" + style.paint(Colour::Bold, text) + "\n"; }

bool usableAtAll(const SizedDevice& device) { return device.fits || !device.withFlags.empty(); }

std::string holdsText(const SizedDevice& device) { return (device.usable.standIn ? "~" : "") + formatBytes(device.usable.bytes); }

/// Where the flags do not fit beside the row they go below it.
void withFlagsBelow(std::string& text, const std::string& row, const SizedDevice& device, const Style& style, std::size_t indent) {
  if (device.withFlags.empty()) {
    text += row + "\n";
    return;
  }
  const std::string flags = "with " + model::flagsText(device.withFlags);
  if (row.size() + 2 + flags.size() <= style.width) text += row + "  " + flags + "\n";
  else text += row + "\n" + wrap(flags, style.width, std::string(indent, ' '), std::string(indent + 5, ' '));
}

std::string legend(const std::vector<const SizedDevice*>& shown) {
  const bool estimated = std::any_of(shown.begin(), shown.end(), [](const auto* d) { return d->usable.standIn; });
  return estimated ? "  ~ estimated: nobody has measured this slice\n" : "";
}

/// Rows of the same columns, with flags beside or below.
std::string deviceRows(const std::vector<const SizedDevice*>& shown, const Style& style, bool nameGpu) {
  std::vector<std::vector<std::string>> rows;
  for (const auto* device : shown) {
    const std::string resource = device->count > 1 ? fmt::format("{} x {}", device->resource, device->count) : device->resource;
    rows.push_back({nameGpu ? device->product->title : device->name(), nameGpu ? device->name() : resource, holdsText(*device),
                    device->freeBytes >= 0 ? formatBytes(device->freeBytes) + " left" : ""});
  }
  const std::string lines = table(rows, {2, 3}, nameGpu ? "  " : "    ");
  std::string text;
  std::size_t start = 0;
  for (const auto* device : shown) {
    const std::size_t end = lines.find('\n', start);
    withFlagsBelow(text, lines.substr(start, end - start), *device, style, nameGpu ? 6 : 15);
    start = end + 1;
  }
  return text;
}

/// Slices and the whole GPU of each product that was named.
std::string grouped(const Sizing& sizing, const Style& style) {
  std::string text;
  std::vector<const SizedDevice*> all;
  for (const auto& gpu : sizing.gpus) {
    std::vector<const SizedDevice*> shown;
    for (const auto& slice : sizing.slices)
      if (slice.product == gpu.product && usableAtAll(slice)) shown.push_back(&slice);
    if (usableAtAll(gpu)) shown.push_back(&gpu);
    text += fmt::format("  {}{}\n", gpu.product->title, shown.empty() ? ": nothing of it" : "");
    text += deviceRows(shown, style, false);
    all.insert(all.end(), shown.begin(), shown.end());
  }
  return text + legend(all);
}

/// Of each product of the catalogue the smallest that holds it.
std::string smallest(const Sizing& sizing, const Style& style) {
  std::vector<const SizedDevice*> shown;
  std::string without;
  for (const auto& gpu : sizing.gpus) {
    const SizedDevice* best = nullptr;
    for (const bool asWritten : {true, false}) {
      for (const auto& slice : sizing.slices)
        if (slice.product == gpu.product && (asWritten ? slice.fits : usableAtAll(slice)) &&
            (best == nullptr || slice.usable.bytes < best->usable.bytes))
          best = &slice;
      if (best != nullptr) break;
      if (asWritten ? gpu.fits : usableAtAll(gpu)) best = &gpu;
    }
    if (best != nullptr) shown.push_back(best);
    else without += (without.empty() ? "" : ", ") + gpu.product->title;
  }
  std::string text = deviceRows(shown, style, true) + legend(shown);
  if (!without.empty()) text += wrap("too small: " + without, style.width, "  ", "    ");
  return text;
}

std::string devicesText(const Sizing& sizing, const Style& style) {
  if (!sizing.estimate.need.high)
    return "\nNo slice can be named: a part of the need is not modelled, so its upper end is not known.\n";
  const std::string headroom = percent(sizing.headroomTenths);
  const auto any = [](const std::vector<SizedDevice>& list) { return std::any_of(list.begin(), list.end(), usableAtAll); };
  if (!any(sizing.slices) && !any(sizing.gpus))
    return fmt::format("\nNo slice and no GPU of {} holds it with {} headroom.\n", sizing.allGpus ? "the catalogue" : "these", headroom);
  if (sizing.devices > 1)
    return heading(style, fmt::format("whole GPUs, {} in one container, that hold it with {} headroom", sizing.devices, headroom)) +
           (sizing.allGpus ? smallest(sizing, style) : grouped(sizing, style));
  if (sizing.allGpus)
    return heading(style, fmt::format("the smallest slice of each GPU that holds it with {} headroom", headroom)) +
           smallest(sizing, style) + "  --gpu PRODUCT shows all slices of one\n";
  return heading(style, fmt::format("slices that hold it with {} headroom", headroom)) + grouped(sizing, style);
}

std::string termsText(const Sizing& sizing, const Style& style) {
  const auto& need = sizing.estimate.need;
  std::size_t nameWidth = 11;
  for (const auto& term : need.terms) nameWidth = std::max(nameWidth, term.name.size());
  const auto row = [&](std::string_view name, const std::string& expected, const std::string& most) {
    return fmt::format("  {:<{}}  {:>9}  {:>9}  ", name, nameWidth, expected, most);
  };
  std::string text = "\n" + row("", "expected", "at most") + "\n";
  text.erase(text.find_last_not_of(" \n") + 1);
  text += "\n";
  for (const auto& term : need.terms) {
    const std::string first = term.open ? row(term.name, "unknown", "unknown")
                                        : row(term.name, formatBytes(term.bytes), formatBytes(term.high));
    text += wrap(term.from, style.width, first, std::string(first.size(), ' '));
  }
  const auto total = [&](std::string_view name, const std::string& expected, const std::string& most, std::string_view meaning) {
    text += style.paint(Colour::Bold, row(name, expected, most)) + std::string(meaning) + "\n";
  };
  total("need", formatBytes(need.bytes), need.high ? formatBytes(*need.high) : "unknown",
        need.high ? "under this load" : "a part is not modelled");
  total("minimum", formatBytes(need.minimum), "", "without it the engine does not start");
  return text;
}

std::string explanation(const Sizing& sizing, const Style& style) {
  std::string text = heading(style, "what the terms are");
  std::string last;
  for (const auto& term : sizing.estimate.need.terms) {
    if (term.name == last) continue;
    last = term.name;
    for (const auto& [name, meaning] : kMeanings)
      if (name == term.name) text += wrap(meaning, style.width, fmt::format("  {}: ", name), "    ");
  }
  text += wrap("It adds up the expected values; the high end adds up the high ones, so that it holds where "
               "everything is at its worst. "
               "The minimum adds up the low ones, with room for the one sequence or block without which the engine "
               "stops.",
               style.width, "  need: ", "    ");
  return text;
}

std::string poolText(const Sizing& sizing, const Style& style) {
  const auto& estimate = sizing.estimate;
  if (estimate.kvBytesPerToken <= 0) return "";
  std::string text = wrap(fmt::format("KV cache: {} for each token{}", formatBytes(estimate.kvBytesPerToken),
                                      sizing.devices > 1 ? " on each GPU" : ""),
                          style.width, "", "  ");
  if (!sizing.pool || !sizing.deviceMemory) return text;
  const std::int64_t requests = sizing.pool->tokens / std::max<std::int64_t>(estimate.context, 1);
  return text + wrap(fmt::format("KV pool on {}: {}, which holds {} = {} of {}", formatBytes(*sizing.deviceMemory),
                                 formatBytes(sizing.pool->bytes), counted(sizing.pool->tokens, "token"), counted(requests, "request"),
                                 estimate.context),
                     style.width, "", "  ");
}

std::string savingsText(const Sizing& sizing, const Style& style) {
  if (sizing.savings.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const auto& saving : sizing.savings)
    rows.push_back({model::flagsText(saving.flags), formatBytes(saving.bytes), std::string(saving.price)});
  return heading(style, "what other flags would save, and cost") + table(rows, {1}, "  ");
}

std::string adviceText(const Sizing& sizing, const Style& style) {
  if (sizing.advice.empty()) return "";
  std::string text = heading(style, fmt::format("these flags on {}", formatBytes(sizing.deviceMemory.value_or(0))));
  for (const auto& advice : sizing.advice) text += wrap(advice, style.width, "  ", "    ");
  return text;
}

void writeFlags(json::Writer& out, const model::FlagList& flags) {
  out.key("flags").beginObject();
  for (const auto& [flag, value] : flags) out.member(flag, std::string_view(value));
  out.endObject();
}

void writeDevices(json::Writer& out, std::string_view key, const std::vector<SizedDevice>& devices) {
  out.key(key).beginArray();
  for (const auto& device : devices) {
    out.beginObject().member("gpu", device.product->label());
    if (device.profile != nullptr) out.member("profile", device.profile->name);
    out.member("resource", device.resource);
    if (device.profile == nullptr) out.member("count", device.count);
    out.member("usableBytes", device.usable.bytes).memberBool("fits", device.fits).member("freeBytes", device.freeBytes);
    if (!device.withFlags.empty()) writeFlags(out, device.withFlags);
    out.endObject();
  }
  out.endArray();
}

}  // namespace

std::string sizingJson(const Sizing& sizing) {
  const auto& estimate = sizing.estimate;
  json::Writer out(2);
  out.beginObject()
      .member("model", sizing.model)
      .member("parameters", estimate.parameters)
      .member("engine", sizing.engine->name);
  if (sizing.engineAssumed) out.memberBool("engineAssumed", true);
  out.member("confidence", model::name(estimate.need.confidence));
  out.key("load")
      .beginObject()
      .member("concurrency", estimate.concurrency)
      .member("context", estimate.context)
      .memberBool("stated", sizing.loadStated)
      .endObject();
  out.member("maxModelLen", estimate.maxModelLen).member("gpusPerContainer", sizing.devices);
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
  out.endArray();
  writeDevices(out, "slices", sizing.slices);
  writeDevices(out, "gpus", sizing.gpus);
  out.key("savings").beginArray();
  for (const auto& saving : sizing.savings) {
    out.beginObject();
    writeFlags(out, saving.flags);
    out.member("bytes", saving.bytes).endObject();
  }
  out.endArray();
  out.key("advice").beginArray();
  for (const auto& advice : sizing.advice) out.string(advice);
  out.endArray();
  if (!sizing.whatIf.empty()) writeWhatIf(out, sizing.whatIf);
  out.endObject();
  return out.take() + "\n";
}

std::string sizingText(const Sizing& sizing, const Style& style) {
  const auto& estimate = sizing.estimate;
  const std::string engine = fmt::format("{}{}", sizing.engine->title, sizing.engineAssumed ? " (assumed; --engine names another)" : "");
  std::string text = style.paint(Colour::Bold, json::printable(sizing.model)) + "\n";
  text += wrap(fmt::format("{} parameters on {}, {} confidence", about(estimate.parameters), engine, model::name(estimate.need.confidence)),
               style.width, "", "  ");
  std::string load = fmt::format("load: {} at once of {}{}", counted(estimate.concurrency, "request"), counted(estimate.context, "token"),
                                 sizing.loadStated ? "" : " each (assumed)");
  if (estimate.maxModelLen > 0) load += fmt::format("; longest sequence {}", estimate.maxModelLen);
  if (sizing.devices > 1) load += fmt::format("; shared by {} GPUs, all figures are of one", sizing.devices);
  text += wrap(load, style.width, "", "  ");
  text += termsText(sizing, style);
  if (const std::string pool = poolText(sizing, style); !pool.empty()) text += "\n" + pool;
  text += devicesText(sizing, style);
  text += savingsText(sizing, style);
  text += adviceText(sizing, style);
  text += whatIfText(sizing.whatIf, style);
  if (sizing.explain) text += explanation(sizing, style);
  return text;
}

}  // namespace rightslice::cli
