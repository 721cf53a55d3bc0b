#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"
#include "gpu/resource_name.hpp"
#include "json/writer.hpp"

namespace rightslice::cli {

namespace {

std::string resourceOf(const gpu::Profile& profile) {
  return gpu::resourceFor(profile.name, gpu::ResourceName::parse("nvidia.com/gpu"));
}

std::string number(const std::optional<int>& value) { return value ? std::to_string(*value) : "?"; }

std::string productText(const gpu::Product& product, bool verbose, const Style& style) {
  std::string text = style.paint(Colour::Bold, product.title);
  if (product.totalMiB) text += fmt::format("  {} MiB ({})", *product.totalMiB, formatBytes(*product.totalMiB * kMiB));
  text += "\n";
  if (!product.gfdLabels.empty())
    text +=
        wrap(fmt::format("nvidia.com/gpu.product: {}", fmt::join(product.gfdLabels, ", ")), style.width, "  ", "    ");
  if (!product.aliases.empty())
    text += wrap(fmt::format("also called: {}", fmt::join(product.aliases, ", ")), style.width, "  ", "    ");
  std::vector<std::vector<std::string>> rows{
      {"profile", "resource", "holds MiB", "GiB", "", "compute", "memory", "at most"}};
  std::vector<std::string> notes;
  for (const auto& profile : product.profiles) {
    const auto usable = gpu::usable(product, profile);
    rows.push_back(
        {profile.name, resourceOf(profile), usable ? std::to_string(usable->bytes / kMiB) : "?",
         usable ? fmt::format("{:.2f}", static_cast<double>(usable->bytes) / static_cast<double>(kGiB)) : "?",
         usable && usable->standIn ? "~ estimated" : "", std::to_string(profile.computeSlices),
         number(profile.memorySlices), number(profile.maxInstances)});
    if (!verbose) continue;
    std::string variants;
    for (const auto& variant : profile.variants)
      variants += fmt::format("{}{}{}", variants.empty() ? "; on other drivers " : ", ", variant.name,
                              variant.memoryMiB ? fmt::format(" ({} MiB)", *variant.memoryMiB) : "");
    if (!variants.empty() || !profile.source.empty())
      notes.push_back(fmt::format("{}: {}{}", profile.name,
                                  profile.source.empty() ? "no source of its own" : profile.source, variants));
  }
  if (product.profiles.empty()) text += "  its slices are not known\n";
  else text += table(rows, {2, 3, 5, 6, 7}, "  ");
  if (!verbose) return text;
  for (const auto& note : product.notes) notes.push_back(note);
  if (!product.source.empty()) notes.push_back("source: " + product.source);
  for (const auto& note : notes) text += wrap(note, style.width, "    ", "      ");
  return text;
}

void productJson(json::Writer& out, const gpu::Product& product) {
  const auto strings = [&out](std::string_view key, const std::vector<std::string>& values) {
    out.key(key).beginArray();
    for (const auto& value : values) out.string(value);
    out.endArray();
  };
  out.beginObject().member("title", product.title);
  strings("labels", product.gfdLabels);
  strings("aliases", product.aliases);
  if (product.totalMiB) out.member("totalMiB", *product.totalMiB);
  if (product.computeSlices) out.member("computeSlices", *product.computeSlices);
  if (product.memorySlices) out.member("memorySlices", *product.memorySlices);
  out.key("profiles").beginArray();
  for (const auto& profile : product.profiles) {
    out.beginObject()
        .member("name", profile.name)
        .member("resource", resourceOf(profile))
        .member("computeSlices", profile.computeSlices);
    if (profile.memorySlices) out.member("memorySlices", *profile.memorySlices);
    if (const auto usable = gpu::usable(product, profile))
      out.member("usableBytes", usable->bytes).memberBool("estimated", usable->standIn);
    if (profile.maxInstances) out.member("maxInstances", *profile.maxInstances);
    out.key("variants").beginArray();
    for (const auto& variant : profile.variants) {
      out.beginObject().member("name", variant.name);
      if (variant.memoryMiB) out.member("memoryMiB", *variant.memoryMiB);
      out.endObject();
    }
    out.endArray().member("source", profile.source).endObject();
  }
  out.endArray();
  strings("notes", product.notes);
  out.member("source", product.source).endObject();
}

class Gpus : public Command {
 public:
  Manual manual() const override {
    return {
        "gpus",
        "the catalogue: products, profiles, what they hold",
        "rightslice gpus [FLAG]... [PRODUCT]...",
        "Lists the GPU products that can be cut into slices, their profiles, and what a slice really holds: the "
        "smallest size that "
        "was measured, not the number in its name. A size that nobody has measured is marked as estimated, and never "
        "denies "
        "anything by itself.",
        "0  listed\n2  bad usage, or an unknown product",
        "rightslice gpus\nrightslice gpus H100-80GB-HBM3 --verbose\nrightslice gpus -o json | jq '.products[].title'"};
  }

  void declare(Flags& flags) override {
    flags.list(wanted_, "--gpu", "PRODUCT", "Only this product, by node label, alias or title.");
    flags.toggle(verbose_, "--verbose", "Also sources, names on other drivers, and notes.");
    flags.choice(output_, "--output", {"text", "json"}, "How the catalogue is printed.").shortName = "-o";
    sources_.declareCatalogue(flags);
    flags.positionals(arguments_, "PRODUCT...", "As --gpu.");
  }

  int run() override {
    const auto loaded = loadWithoutPolicies(sources_.catalogue, "", std::nullopt);
    if (!loaded) {
      complain(describe(loaded.error()));
      return kUsage;
    }
    const auto& catalogue = *loaded->catalogues.gpus;
    wanted_.insert(wanted_.end(), arguments_.begin(), arguments_.end());
    std::vector<const gpu::Product*> products;
    for (const auto& name : wanted_) {
      const auto* product = catalogue.find(name);
      if (product == nullptr) {
        const auto meant = catalogue.nearestProduct(name);
        complain(fmt::format("unknown product '{}'{}", name, meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
        return kUsage;
      }
      products.push_back(product);
    }
    if (wanted_.empty())
      for (const auto& product : catalogue.products()) products.push_back(&product);
    if (output_ == "json") printJson(products);
    else printText(products);
    return kOk;
  }

 private:
  void printText(const std::vector<const gpu::Product*>& products) const {
    const Style style = Style::ofOutput();
    bool first = true;
    for (const auto* product : products) {
      print((first ? "" : "\n") + productText(*product, verbose_, style));
      first = false;
    }
  }

  static void printJson(const std::vector<const gpu::Product*>& products) {
    json::Writer out(2);
    out.beginObject().key("products").beginArray();
    for (const auto* product : products) productJson(out, *product);
    out.endArray().endObject();
    print(out.take() + "\n");
  }

  SourceFlags sources_;
  std::vector<std::string> wanted_, arguments_;
  std::string output_ = "text";
  bool verbose_ = false;
};

}  // namespace

std::unique_ptr<Command> makeGpus() { return std::make_unique<Gpus>(); }

}  // namespace rightslice::cli
