#include "cli/sources.hpp"

#include "cli/terminal.hpp"
#include "host/clock.hpp"

namespace rightslice::cli {

void SourceFlags::declareCatalogue(Flags& flags) {
  flags.text(catalogue, "--catalogue", "DIR",
             "Folder with gpus.json, models.json or prices.yaml, laid over the built-in catalogues. Each is optional.");
}

void SourceFlags::declare(Flags& flags, std::string policiesHelp) {
  if (policiesHelp.empty())
    policiesHelp =
        "Policies: a file, or a folder with *.yaml, *.yml and *.json (recursively, without folders named tests). Without "
        "this flag the shipped starter policy is used, in enforce mode.";
  flags.list(policies, "--policies", "DIR|FILE", std::move(policiesHelp));
  declareCatalogue(flags);
  flags.text(
      surroundings, "--surroundings", "FILE",
      "What stands around the objects, JSON or YAML: nodes (name, labels, allocatable, requested, devices), namespaces "
      "(name, labels), prices (currency, date, gpuHour), and of DRA deviceClasses (name, selectors, config, extendedResourceName, created), claimTemplates and claims "
      "(namespace, name, spec, shared: several pods use it). An absent key is unknown, an empty list is known to be none.");
  flags.date(now, "--now", "The day on which exceptions are judged.").defaultText = "today (UTC)";
  flags.integer(maxExceptionDays, "--max-exception-days", "N", "How far ahead a SliceException may reach.", 1, 36500);
  flags.list(trustedControllers, "--trusted-controllers", "GLOB",
             "Users whose objects with a controller owner count as proven children of it.");
}

policy::LoadOptions Sources::loadOptions(std::int64_t maxExceptionDays) const {
  policy::LoadOptions options;
  options.gpus = catalogues.gpus.get();
  options.maxExceptionDays = static_cast<int>(maxExceptionDays);
  options.today = now;
  return options;
}

Result<Sources> loadWithoutPolicies(const std::string& catalogue, const std::string& surroundings,
                                    std::optional<Date> now) {
  Sources sources;
  sources.now = now.value_or(host::systemClock().today());
  auto catalogues = app::loadCatalogues(catalogue);
  if (!catalogues) return tl::unexpected(catalogues.error());
  sources.catalogues = std::move(*catalogues);
  if (!surroundings.empty()) {
    const auto text = app::readFile(surroundings);
    if (!text) return tl::unexpected(text.error());
    auto read = workload::readSurroundings(*text, surroundings);
    if (!read) return tl::unexpected(read.error());
    sources.surroundings = std::move(*read);
  }
  if (!sources.surroundings.prices) sources.surroundings.prices = *sources.catalogues.prices;
  return sources;
}

void sayWhichPolicies(const Sources& sources) {
  if (sources.starter) complain("no --policies given: judging with the shipped starter policy, in enforce mode");
}

std::optional<Sources> loadBase(const SourceFlags& flags) {
  auto sources = loadWithoutPolicies(flags.catalogue, flags.surroundings, flags.now);
  if (sources) return std::move(*sources);
  complain(describe(sources.error()));
  return std::nullopt;
}

std::optional<Sources> loadSources(const SourceFlags& flags, std::optional<policy::Mode> mode) {
  auto sources = loadBase(flags);
  if (!sources) return std::nullopt;
  const auto options = sources->loadOptions(flags.maxExceptionDays);
  sources->starter = flags.policies.empty();
  auto loaded = sources->starter ? policy::load(app::starterPolicy(), "the starter policy", options)
                                 : app::loadPolicies(flags.policies, options);
  for (const auto& diagnostic : loaded.diagnostics) printError(diagnostic.text() + "\n");
  if (!loaded.ok()) {
    complain("the policies have errors; nothing was judged");
    return std::nullopt;
  }
  if (loaded.policies.empty()) {
    complain("no policy found in what --policies names");
    return std::nullopt;
  }
  sources->policies = policy::PolicySet(std::move(loaded.policies), std::move(loaded.exceptions));
  if (sources->starter && !mode) mode = policy::Mode::Enforce;
  if (mode) sources->policies = sources->policies.withMode(*mode);
  return std::move(*sources);
}

}  // namespace rightslice::cli
