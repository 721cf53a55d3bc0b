// The page: hostile names stay text, what is drawn is what is counted, and its figures are those of scan -o json.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <map>

#include "fixture.hpp"
#include "json/document.hpp"
#include "json/writer.hpp"
#include "observe/observation_json.hpp"
#include "observe/page/drawing.hpp"
#include "observe/page/markup.hpp"
#include "observe/page/page.hpp"
#include "observe/page/repeats.hpp"
#include "observe/page/summary.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using page::Piece;
using page::Verdict;

namespace {

workload::RateBook book() {
  auto made = workload::readRateBook("currency: USD\ngpuHour: {H100 80GB SXM5: 8, A100 40GB: 2}\n", "p.yaml");
  REQUIRE(made);
  return std::move(*made);
}

struct Shown : Look {
  explicit Shown(Snapshot taken) : Look(std::move(taken)), report(*reportOf(snapshot, seen, gpu::Catalogue::builtIn(), book())) {}
  explicit Shown(const std::string& yaml) : Shown(snapshotOf(yaml)) {}

  std::string html() const {
    std::string out;
    writePage(report, {"1.2.3"}, [&](std::string_view piece) { out += piece; });
    return out;
  }
  Report report;
};

std::string node(std::string_view name, int gpus, std::string_view offers, std::string_view more = "", std::string_view product = "NVIDIA-H100-80GB-HBM3") {
  return fmt::format("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {}, labels: {{nvidia.com/gpu.product: {}, nvidia.com/gpu.count: '{}', nvidia.com/mig.strategy: mixed{}}}}}\n"
                     "status: {{capacity: {{{}}}, allocatable: {{{}}}, conditions: [{{type: Ready, status: 'True'}}]}}\n", name, product, gpus, more, offers, offers);
}

std::string pod(std::string_view name, std::string_view resource, std::string_view footprint, std::string_view on) {
  return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: '{}', namespace: team-a, uid: '{}', annotations: {{{}}}}}\n"
                     "spec: {{nodeName: '{}', containers: [{{name: main, image: x, resources: {{limits: {{{}: 1}}}}}}]}}\nstatus: {{phase: Running}}\n",
                     name, name, footprint.empty() ? "" : fmt::format("rightslice.io/footprint: {}, rightslice.io/concurrency: '8'", footprint), on, resource);
}

/// "right", or the bucket of what nobody holds, with the lengths in eighths of a GPU.
std::string text(const std::vector<Piece>& gpu, std::int64_t units) {
  std::string out;
  for (const Piece& each : gpu)
    out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", each.length * 8 / units, each.profile.empty() ? "" : each.profile + " ",
                       each.deployed ? page::name(each.verdict) : name(each.bucket));
  return out;
}

/// What stands between `from` and the next `to`.
std::string between(const std::string& text, std::string_view from, std::string_view to) {
  const auto begin = text.find(from);
  REQUIRE(begin != std::string::npos);
  const auto end = text.find(to, begin + from.size());
  REQUIRE(end != std::string::npos);
  return text.substr(begin + from.size(), end - begin - from.size());
}

constexpr std::string_view kScan = "<script type=\"application/json\" id=\"scan\">", kRepeated = "<script type=\"application/json\" id=\"repeated\">",
                           kDrawing = "<script type=\"application/json\" id=\"drawing\">";

/// As script/look.js reads it: {"$": n} is the element n of the dictionary.
std::string whole(std::string_view text, json::View dictionary) {
  const auto document = json::Document::parse(text);
  REQUIRE(document);
  json::Writer out;
  const auto write = [&](const auto& self, json::View value) -> void {
    const auto at = value.size() == 1 ? value["$"].integer() : std::nullopt;
    if (value.isObject() && at) {
      out.value(dictionary.at(static_cast<std::size_t>(*at)));
    } else if (value.isObject()) {
      out.beginObject();
      for (const auto each : value.members()) self(self, (out.key(each.key), each.value));
      out.endObject();
    } else if (value.isArray()) {
      out.beginArray();
      for (const auto each : value.elements()) self(self, each);
      out.endArray();
    } else {
      out.value(value);
    }
  };
  write(write, document->root());
  return out.take();
}

const std::string& mixed() {
  static const std::string yaml =
      node("gpu-1", 2, "nvidia.com/mig-1g.10gb: 4, nvidia.com/mig-2g.20gb: 2, nvidia.com/mig-3g.40gb: 2") + node("gpu-2", 1, "nvidia.com/mig-1g.10gb: 7") +
      node("gpu-3", 2, "nvidia.com/gpu: 2") + pod("fits", "nvidia.com/mig-1g.10gb", "8Gi", "gpu-1") + pod("wide", "nvidia.com/mig-3g.40gb", "8Gi", "gpu-1") +
      pod("tight", "nvidia.com/mig-2g.20gb", "19Gi", "gpu-1") + pod("dim", "nvidia.com/gpu", "", "gpu-3");
  return yaml;
}

}  // namespace

TEST_CASE("page: texts of the cluster are no markup") {
  CHECK(page::escaped("</script><b a='1' c=\"2\">&amp;") == "&lt;/script&gt;&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;");
  CHECK(page::escaped(std::string("a\0b\x1b[31m", 8)) == "a?b?[31m");
  CHECK(page::escaped("safe\xe2\x80\xae" "evil") == "safe?evil");   // U+202E turns the line round
  CHECK(page::inScript("\"</script><!--<script>&\"") == "\"\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e\\u0026\"");
  CHECK(page::inScript("\"a\xe2\x80\xa8" "b\xe2\x80\xa9" "c\xe2\x80\xa7\"") == "\"a\\u2028b\\u2029c\xe2\x80\xa7\"");
  CHECK(page::inScript("\xe2\x80") == "\xe2\x80");
}

TEST_CASE("page: figures for people") {
  CHECK(page::amount(123456789) == "1,234,567.89");
  CHECK(page::amount(-100000) == "-1,000.00");
  CHECK(page::amount(99) == "0.99");
  CHECK(page::gpusOf(73000) == "1");
  CHECK(page::gpusOf(73000 * 1234 + 36500) == "1,234.5");
  CHECK(page::gpusOf(3000) == "0");
  CHECK(page::percent(1, 3) == "33.3 %");
  CHECK(page::percent(1, 0).empty());
  CHECK(page::counted(1, "node") == "1 node");
  CHECK(page::counted(1000, "node") == "1,000 nodes");
  CHECK(page::named({"a", "<b>"}) == "<code>a</code>, <code>&lt;b&gt;</code>");
  CHECK(page::named({"a", "b", "c", "d", "e", "f", "g", "h"}).ends_with("<code>f</code> and 2 more"));
}

TEST_CASE("page: hostile names change nothing of its structure") {
  const std::string hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\\u003c\\\"";
  Snapshot snapshot = snapshotOf(mixed());
  const std::string before = Shown(snapshot).html();
  for (Pod& each : snapshot.pods) each.name = each.ns = hostile;
  for (Node& each : *snapshot.nodes) each.facts.name += hostile;
  snapshot.source = hostile;
  const std::string after = Shown(std::move(snapshot)).html();
  const auto count = [](const std::string& text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  for (const std::string_view each : {"<script", "</script", "<img", "<!--", "-->", "<style", "<svg", "<meta"}) {
    CAPTURE(each);
    CHECK(count(before, each) == count(after, each));
  }
  CHECK(count(after, "<script") == 12);
  for (const auto begin : {kScan, kRepeated, kDrawing}) CHECK(json::Document::parse(between(after, begin, "</script>")));
}

TEST_CASE("page: holds what scan -o json says, a line for each workload and node") {
  const Shown shown(mixed());
  const std::string html = shown.html();
  std::string json;
  writeJson(shown.snapshot, shown.seen, [&](std::string_view piece) { json += piece; },
            {{"money", moneyJson(shown.snapshot, shown.seen, shown.report.money, shown.report.use)}});
  const std::string held = between(html, kScan, "</script>");
  const auto dictionary = json::Document::parse(between(html, kRepeated, "</script>"));
  REQUIRE(dictionary);
  CHECK(dictionary->root().size() > 0);
  const auto a = json::Document::parse(whole(held, dictionary->root())), b = json::Document::parse(json);
  REQUIRE((a && b));
  CHECK(a->root().equals(b->root()));
  // script/look.js reads elements by lines.
  std::size_t at = held.find("\n\"results\":[\n") + 13;
  for (std::size_t i = 0; i < shown.seen.workloads.size(); ++i) {
    const std::size_t end = held.find('\n', at);
    std::string line = held.substr(at, end - at);
    if (line.ends_with(',')) line.pop_back();
    const auto one = json::Document::parse(line);
    REQUIRE(one);
    CHECK(one->root()["name"].stringOr("") == shown.seen.workloads[i].judgement.name);
    at = end + 1;
  }
  CHECK(held.substr(at, 2) == "],");
}

TEST_CASE("page: what is there again is written once") {
  page::Repeats repeats;
  const std::string text = "a text that is long enough to be told once";
  const std::vector<std::string> pieces{fmt::format(R"({{"a":{{"deep":["{0}"]}},"n":1}})", text), fmt::format(R"([{{"deep":["{0}"]}},"{0}","{0} and more"])", text),
                                        R"({"$":0})", R"({"x":{"$":7},"y":{"$":"s"},"z":[]})"};
  for (const auto& each : pieces) repeats.count(each);
  repeats.count("no JSON");
  CHECK(repeats.shortened(pieces[0]) == R"({"a":{"$":0},"n":1})");
  CHECK(repeats.shortened(pieces[1]) == fmt::format(R"([{{"$":0}},{{"$":1}},"{} and more"])", text));
  CHECK(repeats.shortened(pieces[2]) == R"({"$":2})");   // what looks like a reference is none of ours
  CHECK(repeats.shortened(pieces[3]) == R"({"x":{"$":3},"y":{"$":"s"},"z":[]})");
  CHECK(repeats.shortened("no JSON") == "no JSON");
  const auto dictionary = json::Document::parse(repeats.dictionary());
  REQUIRE(dictionary);
  for (const auto& each : pieces) CHECK(whole(repeats.shortened(each), dictionary->root()) == each);
  CHECK(json::Document::parse(page::Repeats().dictionary()));
}

TEST_CASE("page: its head says the totals of scan -o json") {
  const Shown shown(mixed());
  const std::string html = shown.html();
  const auto value = [&](std::string_view id) { return between(html, fmt::format("id=\"figure-{}\">", id), "</div>"); };
  const Sum sum = sumOf(shown.report.money.money);
  CHECK(value("gpus").find("\"value\">5<") != std::string::npos);
  CHECK(value("gpus").find("on 3 nodes: <b>1.9</b> held, <b>3</b> free, <b>0.1</b> stranded") != std::string::npos);   // 1.875, 3, 0.125
  CHECK(value("workloads").find("\"value\">4<") != std::string::npos);
  CHECK(value("spend").find(fmt::format("\"value\">{}<", page::amount(sum.totalCents()))) != std::string::npos);
  CHECK(sum.totalCents() == 5 * 584000);
  CHECK(value("waste").find(fmt::format("\"value\">{}<", page::amount(sum.totalCents() - sum.cents[static_cast<std::size_t>(Bucket::Right)]))) != std::string::npos);
  // The buckets of the waterfall are the spend.
  std::int64_t cents = 0;
  for (std::size_t i = 0; i < kBuckets; ++i)
    if (sum.cents[i] > 0) {
      const std::string row = between(html, fmt::format("<tr data-bucket=\"{}\">", name(static_cast<Bucket>(i))), "</tr>");
      CHECK(row.find(fmt::format(">{}<", page::amount(sum.cents[i]))) != std::string::npos);
      cents += sum.cents[i];
    }
  CHECK(cents == sum.totalCents());
}

TEST_CASE("page: slices are drawn to scale") {
  const Shown shown(mixed());
  const auto drawn = page::drawingOf(shown.report);
  REQUIRE(drawn.size() == 3);
  REQUIRE(drawn[0].gpus.size() == 2);
  CHECK(drawn[0].slices);
  const auto units = drawn[0].unitsPerGpu;
  CHECK(text(drawn[0].gpus[0], units) == "2 2g.20gb limit, 1 1g.10gb right, 1 1g.10gb dark, 4 3g.40gb oversized");
  CHECK(text(drawn[0].gpus[1], units) == "2 2g.20gb dark, 1 1g.10gb dark, 1 1g.10gb dark, 4 3g.40gb dark");
  CHECK(drawn[0].gpus[0][3].oversized == 750);   // one of four memory slices would do
  CHECK(text(drawn[1].gpus[0], units) == "1 1g.10gb dark, 1 1g.10gb dark, 1 1g.10gb dark, 1 1g.10gb dark, 1 1g.10gb dark, 1 1g.10gb dark, 1 1g.10gb dark, 1 stranded");
  CHECK(text(drawn[2].gpus[0], units) == "8 unknown");
  CHECK(text(drawn[2].gpus[1], units) == "8 dark");
}

TEST_CASE("page: of every node the lengths of a bucket are those of the money") {
  const std::vector<std::string> clusters{
      mixed(),
      node("a", 2, "nvidia.com/gpu: 8", ", nvidia.com/gpu.replicas: '4'") + pod("p", "nvidia.com/gpu", "8Gi", "a"),           // shared in time
      node("a", 1, "nvidia.com/mig-3g.40gb: 9") + pod("p", "nvidia.com/mig-3g.40gb", "8Gi", "a"),                            // more than it can have
      node("a", 1, "nvidia.com/mig-3g.40gb: 1") + pod("p", "nvidia.com/mig-3g.40gb", "", "a") + pod("q", "nvidia.com/mig-3g.40gb", "", "a"),   // held beyond the offer
      node("a", 3, "nvidia.com/gpu: 2"),                                                                                     // one GPU that no resource stands for
      node("a", 2, "nvidia.com/mig-1g.10gb: 9, nvidia.com/gpu: 1"), node("a", 2, ""), node("a", 2, "nvidia.com/gpu: 2", "", "NVIDIA-L4"),
      node("a", 0, "nvidia.com/gpu: 1"), node("a", 2, "nvidia.com/gpu: 2", "", "Acme-9000"),
  };
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    CAPTURE(c);
    const Shown shown(clusters[c]);
    const auto drawn = page::drawingOf(shown.report);
    REQUIRE(drawn.size() == shown.seen.placement.boards.size());
    for (Index i = 0; i < drawn.size(); ++i) {
      std::map<std::pair<Bucket, std::optional<Index>>, std::int64_t> pieces, parts;
      for (const auto& gpu : drawn[i].gpus) {
        std::int64_t at = 0;
        for (const Piece& each : gpu) {
          CHECK(each.start == at);
          CHECK(each.length > 0);
          at += each.length;
          pieces[{each.bucket, each.deployed}] += each.length;
        }
        CHECK(at == drawn[i].unitsPerGpu);
      }
      for (const MoneyEntry& each : shown.report.money.money.entries)
        if (each.board == i) parts[{each.part.deployed ? Bucket::Right : each.part.bucket, each.part.deployed}] += each.part.units;
      CHECK(pieces == parts);
    }
  }
}

TEST_CASE("page: what was not seen is said, and nothing that is unknown looks fine") {
  Snapshot snapshot = snapshotOf(mixed());
  snapshot.coverage.add({"horizontalpodautoscalers.autoscaling", "", Seen::State::Forbidden, "may not list <them>", 0});
  snapshot.coverage.add({"horizontalpodautoscalers.autoscaling", "team-b", Seen::State::Forbidden, "other", 0});
  const Shown shown(snapshot);
  std::string said = page::unseen(shown.report);
  CHECK(said.find("Unknown: autoscaling.") != std::string::npos);
  CHECK(said.find("forbidden: may not list &lt;them&gt;, and 1 other reason)") != std::string::npos);
  CHECK(said.find("No metrics were asked for") != std::string::npos);
  CHECK(page::figures(shown.report).find("with 4 pods<") != std::string::npos);
  snapshot.coverage.add({"pods", "team-b", Seen::State::Forbidden, "", 0});
  snapshot.nodes.reset();
  const Shown blind(std::move(snapshot));
  CHECK(page::figures(blind.report).find("nodes could not be read") != std::string::npos);
  CHECK(page::figures(blind.report).find("with 4 pods that could be read; there may be more<") != std::string::npos);
  CHECK(page::waterfall(blind.report).find("Unknown: nodes could not be read") != std::string::npos);
  CHECK(page::savings(blind.report).empty());
  CHECK(blind.html().find("\"gpuHours\"") == std::string::npos);
}

TEST_CASE("page: the verdict is the first that a person should look at") {
  const Shown shown(mixed());
  std::map<std::string, std::string_view> verdicts;
  for (const auto& each : shown.seen.workloads) verdicts[each.judgement.name] = page::name(page::verdictOf(each));
  CHECK(verdicts == std::map<std::string, std::string_view>{{"dim", "unknown"}, {"fits", "right"}, {"tight", "limit"}, {"wide", "oversized"}});
  WorkloadState state = shown.seen.workloads[1];
  state.findings = {{Code::Idle, "main"}, {Code::Oversized, "main"}};
  CHECK(page::verdictOf(state) == Verdict::Idle);
  state.findings.push_back({Code::NearCeiling, "other"});
  CHECK(page::verdictOf(state) == Verdict::Idle);
  state.findings.push_back({Code::NearCeiling, "main"});
  CHECK(page::verdictOf(state) == Verdict::Limit);
  CHECK(page::verdictOf(WorkloadState{}) == Verdict::Unknown);
}

TEST_CASE("page: lets run only what is compiled in, and asks for nothing") {
  const std::string html = Shown(mixed()).html(), policy = between(html, "Content-Security-Policy\" content=\"", "\">");
  CHECK(policy.starts_with("default-src 'none'; script-src 'sha256-"));
  for (const std::string_view each : {"unsafe", "http:", "https:", "*"}) CHECK(policy.find(each) == std::string::npos);
  CHECK(pagePolicyHeader() == policy + "; frame-ancestors 'none'");
  CHECK(html.find("{{") == std::string::npos);
  for (const std::string_view each : {"http://", "https://", "@import", "<link rel=\"stylesheet", "src="}) {
    CAPTURE(each);
    CHECK(html.find(each) == std::string::npos);
  }
  CHECK(html.find("rightslice 1.2.3") != std::string::npos);
}
