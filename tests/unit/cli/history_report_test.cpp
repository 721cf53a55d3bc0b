// Answers from a history: amounts that add up, and YAML that loads.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "cli/history_report.hpp"
#include "policy/load.hpp"

using namespace rightslice;
using namespace rightslice::cli;
using namespace rightslice::observe::history;

TEST_CASE("what a day cost is rounded once, and its rows add up to it") {
  constexpr std::int64_t kMonth = 730 * 3600;
  std::vector<KeptSpend> rows;
  for (const char* bucket : {"dark", "idle", "right"}) rows.push_back({7, "USD", "a", "a/Deployment/x", bucket, kMonth / 3, 0});   // a third of a cent each
  rows.push_back({8, "EUR", "", "", "dark", kMonth * 5, 0});
  rows.push_back({8, "USD", "", "", "dark", kMonth / 2, 0});   // half a cent: rounded up
  rows.push_back({9, "USD", "", "", "dark", 0, 0});
  std::vector<std::int64_t> cents;
  for (const auto& each : spentOf(rows)) cents.push_back(each.cents);
  CHECK(cents == std::vector<std::int64_t>{1, 0, 0, 5, 1, 0});
  CHECK(spentOf({}).empty());
}

TEST_CASE("the hours of a day in two currencies are those of each") {
  const std::vector<KeptSpend> rows{{8, "EUR", "", "", "dark", 730 * 3600, 0}, {8, "USD", "", "", "dark", 730 * 3600, 0}};
  const auto text = [&](std::map<std::string, std::int64_t> byCurrency) {
    std::string out;
    writeSpendText(spentOf(rows), {{8, 36'000, 3, std::move(byCurrency)}}, SpendBy::Day, [&](std::string_view part) { out += part; });
    return out;
  };
  const auto split = text({{"EUR", 14'400}, {"USD", 21'600}});
  CHECK(split.find("4.0") < split.find("6.0"));
  CHECK(split.find("10.0") == std::string::npos);
  CHECK(text({}).find("10.0") != std::string::npos);   // not known any more: those of the day
}

TEST_CASE("proposed models are a part of a policy, whatever models are called, and evidence does not break out of its comment") {
  Proposal good;
  good.model = "acme/chat:\"v2\"#{x}";
  good.engine = "vllm";
  good.quantization = "awq";
  good.memory = 5 * kGiB;
  good.peak = 5 * kGiB - 7;
  good.looks = good.measured = 30;
  good.days = 3;
  good.seconds = good.seen = 3600;
  good.kvPerMille = 452;
  good.workloads = {"a/Deployment/x\n  evil: true"};
  Proposal poor = good;
  poor.model = "acme/other\nevil: true";
  poor.memory.reset();
  poor.why = "too little\nevil: true";
  std::string text = "apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {name: p, namespace: a}\n";
  writeModelsYaml({good, poor}, [&](std::string_view part) { text += part; });
  const auto with = text.find("spec:\n") + 6;
  text.insert(with, "  mode: audit\n");
  CAPTURE(text);
  const auto loaded = policy::load(text, "p.yaml", {});
  REQUIRE(loaded.ok());
  REQUIRE(loaded.policies.size() == 1);
  const auto& models = loaded.policies.front().models;
  REQUIRE(models.size() == 1);
  CHECK(models[0].model == good.model);
  CHECK(models[0].memory == 5 * kGiB);
  CHECK(models[0].quantization == "awq");
  CHECK(text.find("45.2 % of the KV pool") != std::string::npos);
  std::string none;
  writeModelsYaml({poor}, [&](std::string_view part) { none += part; });
  CHECK(none.find("models: []") != std::string::npos);
}

TEST_CASE("events: what the first look saw is none; a state that goes on is a change, one with a gap is gone and came again") {
  const KeptCluster cluster{"c", "s", 100, 500, 5, {}};
  const auto state = [](std::string value, std::int64_t since, std::optional<std::int64_t> until) {
    return KeptState{{Sort::Workload, "a/Deployment/x", {{"replicas", std::move(value)}}, true}, {since, since, until}};
  };
  const auto events = eventsOf(cluster, {state("1", 100, 200), state("2", 200, 300), state("3", 400, std::nullopt)}, {}, {});
  std::vector<std::string> told;
  for (const auto& each : events) told.push_back(fmt::format("{} {}", each.at, each.what));
  CHECK(told == std::vector<std::string>{"200 changed", "300 gone", "400 appeared"});
  CHECK(events[0].fields == std::vector<FieldChange>{{"replicas", "1", "2"}});
  Query query;
  query.from = 300;
  CHECK(eventsOf(cluster, {state("1", 100, 200), state("2", 200, 300), state("3", 400, std::nullopt)}, {}, query).size() == 2);
}
