// Laws of judging: re-applying changes nothing, the order of policies means nothing, audit writes nothing, deciding is monotone.
#include <algorithm>

#include <rapidcheck.h>

#include "judged.hpp"
#include "policy/annotations.hpp"

using namespace rightslice;
using namespace rightslice::policy;
using namespace rightslice::policy::judged;

namespace {

// Most are such as can be rewritten.
const std::vector<std::string> kResources{"nvidia.com/mig-1g.10gb", "nvidia.com/mig-2g.20gb",  "nvidia.com/mig-3g.40gb", "nvidia.com/mig-3g.40gb",       "nvidia.com/mig-7g.80gb",
                                          "nvidia.com/gpu",         "mig.das.com/mig-3g.40gb", "mig.das.com/3g.40gb",    "nvidia.com/mig-3g.40gb.shared"};
const std::vector<std::string> kValues{"1", "1", "1", R"("1")", R"("1")", R"("1")", R"("1000m")", R"("1e0")", "2", R"("0.5")"};

/// A container as an author writes it: one key, in limits or in both.
struct Part {
  std::string resource, value;
  bool requests = false;
  Bytes footprint = 0;
};
Part anyPart() {
  return {*rc::gen::elementOf(kResources), *rc::gen::elementOf(kValues), *rc::gen::arbitrary<bool>(),
          *rc::gen::element<Bytes>(6, 9, 15, 18, 30, 38, 50, 70) * kGiB};
}

struct Author {
  std::string kind;
  Part main, aux;
  bool two = false, templateMetadata = true;
};
Author anyAuthor() {
  Author out;
  out.kind = *rc::gen::element<std::string>("Deployment", "StatefulSet", "DaemonSet", "Pod", "Job");
  out.main = anyPart();
  out.aux = anyPart();
  out.two = *rc::gen::arbitrary<bool>();
  out.templateMetadata = *rc::gen::arbitrary<bool>();
  return out;
}

/// The object; `beside` are keys of ours that are left beside the author's, and `record` what original-request holds.
Manifest manifestOf(const Author& author, const std::string& mainBeside = "", const std::string& auxBeside = "", const std::string& record = "") {
  const auto member = [](const Part& part, const std::string& beside) {
    return fmt::format(R"("{}":{}{})", part.resource, part.value, beside.empty() ? "" : fmt::format(R"(,"{}":{})", beside, part.value));
  };
  Manifest out;
  out.kind = author.kind;
  out.limits = member(author.main, mainBeside);
  if (author.main.requests) out.requests = out.limits;
  std::string notes = footprint(author.main.footprint);
  if (author.two) {
    notes += fmt::format(R"(,"aux.rightslice.io/footprint":"{}")", author.aux.footprint);
    const auto limits = member(author.aux, auxBeside);
    out.more = fmt::format(R"(,{{"name":"aux","image":"x","resources":{{"limits":{{{}}}{}}}}})", limits,
                           author.aux.requests ? fmt::format(R"(,"requests":{{{}}})", limits) : "");
  }
  const std::string recordText = record.empty() ? "" : fmt::format(R"("rightslice.io/original-request":"{}")", record);
  if (author.kind == "Pod" || author.templateMetadata) {
    out.annotations = notes + (record.empty() ? "" : "," + recordText);
  } else {
    out.objectAnnotations = notes;
    out.annotations = recordText;
    out.templateMetadata = !record.empty();
  }
  return out;
}

std::string anyPolicy(std::string_view name, std::string_view mode) {
  const auto headroom = *rc::gen::element<std::string>("0%", "10%", "50%");
  const auto oversized = *rc::gen::element<std::string>("rewrite", "rewrite", "rewrite", "rewrite", "warn", "deny", "allow");
  const auto undersized = *rc::gen::element<std::string>("rewrite", "rewrite", "deny", "warn");
  const auto prefer = *rc::gen::element<std::string>("compute", "density");
  return h100Policy(fmt::format("  headroom: {}\n  actions: {{Oversized: {}, Undersized: {}}}\n"
                                "  slices: {{offered: [1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 7g.80gb], prefer: {}, tolerance: {}}}",
                                headroom, oversized, undersized, prefer, *rc::gen::element(0, 0, 1)),
                    name, mode);
}
std::string anyPolicies() {
  std::string text = anyPolicy("a", "enforce");
  if (*rc::gen::arbitrary<bool>()) text += "---\n" + anyPolicy("b", *rc::gen::element<std::string>("enforce", "warn", "audit"));
  return text;
}

/// Members of an object, in any order, as text that two objects can be compared by.
std::string canonical(json::View value) {
  std::vector<std::string> parts;
  if (value.isObject()) {
    for (const auto member : value.members()) parts.push_back(fmt::format("{}={}", member.key, canonical(member.value)));
    std::sort(parts.begin(), parts.end());
    return fmt::format("{{{}}}", fmt::join(parts, ","));
  }
  if (!value.isArray()) return std::string(value.text());
  for (const auto element : value.elements()) parts.push_back(canonical(element));
  return fmt::format("[{}]", fmt::join(parts, ","));
}
std::string canonical(const std::string& text) { return canonical(parsed(text).root()); }

/// What original-request of the object says, and what it wrote for one container.
std::string recordOf(const std::string& text) {
  const auto object = workloadOf(text);
  const auto* record = object.templates.at(0).annotation(kOriginalRequest);
  return record == nullptr ? "" : *record;
}
std::string writtenFor(const std::string& record, std::string_view container) {
  for (const auto& entry : parseOriginalRequests(record).value_or(std::vector<OriginalRequest>{}))
    if (entry.container == container) return entry.written;
  return "";
}

std::string mutated(const World& world, const std::string& text) { return patched(text, world.judge(text)); }

std::string shown(const Judgement& judgement) {
  std::string text = fmt::format("{} {} {} {}\n", said(judgement), name(judgement.decision), judgement.wouldBe ? name(*judgement.wouldBe) : "-", json::patchText(judgement.patch));
  for (const auto& finding : judgement.findings) text += fmt::format("{} {} {} {}\n", finding.container, finding.path, finding.policy, finding.message);
  for (const auto& container : judgement.containers)
    text += fmt::format("{} {} {}\n", container.name, container.need ? container.need->bytes : -1, container.recommended ? container.recommended->resource : "-");
  for (const auto& policy : judgement.policies) text += policy + "\n";
  return text;
}

}  // namespace

TEST_CASE("what /mutate leaves it does not touch again") {
  CHECK(rc::check("mutate(mutate(x)) = mutate(x)", [] {
    const World world{anyPolicies(), "", {}};
    const auto object = manifestOf(anyAuthor()).text();
    const auto once = mutated(world, object);
    RC_CLASSIFY(once != parsed(object).root().text());
    RC_ASSERT(canonical(mutated(world, once)) == canonical(once));
  }));
}

TEST_CASE("the author's manifest applied once more gives exactly the object that is stored") {
  CHECK(rc::check("apply; merge the author's keys back in; mutate: nothing changed", [] {
    World world{anyPolicies(), "", {}};
    const auto author = anyAuthor();
    const auto stored = mutated(world, manifestOf(author).text());
    const auto record = recordOf(stored);
    // kubectl apply, Helm and server-side apply merge: the author's key stands beside ours, and our annotation stays.
    const auto merged = manifestOf(author, writtenFor(record, "main"), writtenFor(record, "aux"), record).text();
    RC_CLASSIFY(!record.empty());
    const bool immutable = author.kind == "Pod" || author.kind == "Job";
    RC_PRE(!immutable);  // their templates cannot change: a rewritten one is not applied again, but replaced
    const auto old = workloadOf(stored);
    world.request.operation = Operation::Update;
    world.request.old = &old;
    RC_ASSERT(canonical(mutated(world, merged)) == canonical(stored));
  }));
}

TEST_CASE("replacing the stored object by the author's manifest gives the stored object too") {
  CHECK(rc::check("kubectl replace", [] {
    World world{anyPolicies(), "", {}};
    const auto author = anyAuthor();
    const auto object = manifestOf(author).text();
    const auto stored = mutated(world, object);
    const auto old = workloadOf(stored);
    RC_PRE(author.kind != "Pod" && author.kind != "Job");
    world.request.operation = Operation::Update;
    world.request.old = &old;
    RC_ASSERT(canonical(mutated(world, object)) == canonical(stored));
  }));
}

TEST_CASE("the order in which policies are given means nothing") {
  CHECK(rc::check("judge(permuted) = judge(given)", [] {
    std::vector<std::string> texts;
    for (const std::string name : {"a", "b", "c", "d"})
      if (*rc::gen::arbitrary<bool>()) texts.push_back(anyPolicy(name, *rc::gen::element<std::string>("enforce", "warn", "audit")));
    const auto all = [&] { return fmt::format("{}", fmt::join(texts, "---\n")); };
    RC_PRE(!texts.empty());
    const auto object = manifestOf(anyAuthor()).text();
    const auto first = shown(World{all(), "", {}}.judge(object));
    std::next_permutation(texts.begin(), texts.end());
    RC_ASSERT(shown(World{all(), "", {}}.judge(object)) == first);
    std::reverse(texts.begin(), texts.end());
    RC_ASSERT(shown(World{all(), "", {}}.judge(object)) == first);
  }));
}

TEST_CASE("audit and warn write nothing and deny nothing; would-be is what enforce does") {
  CHECK(rc::check("modes", [] {
    const std::string mode = *rc::gen::element<std::string>("audit", "warn");
    const auto policy = anyPolicy("p", mode);
    auto enforced = policy;
    enforced.replace(enforced.find("mode: " + mode), mode.size() + 6, "mode: enforce");
    const auto object = manifestOf(anyAuthor()).text();
    const auto judgement = World{policy, "", {}}.judge(object), acting = World{enforced, "", {}}.judge(object);
    RC_ASSERT(judgement.patch.empty());
    RC_ASSERT(judgement.decision <= (mode == "audit" ? Action::Allow : Action::Warn));
    RC_ASSERT(judgement.wouldBe == acting.decision);
    RC_ASSERT(said(judgement) == said(acting));
    RC_ASSERT(!acting.wouldBe);
  }));
}

TEST_CASE("a larger declared need never turns undersized into something milder") {
  CHECK(rc::check("monotone in the need", [] {
    auto author = anyAuthor();
    author.two = false;
    author.main.value = "1";
    author.main.resource = *rc::gen::element<std::string>("nvidia.com/mig-1g.10gb", "nvidia.com/mig-3g.40gb", "nvidia.com/gpu");
    const auto rank = [&](Bytes bytes) {
      author.main.footprint = bytes;
      const auto text = said(World{h100Policy(), "", {}}.judge(manifestOf(author)));
      return contains(text, "Undersized") ? 3 : contains(text, "TightFit") ? 2 : contains(text, "Oversized") ? 0 : 1;
    };
    const Bytes a = *rc::gen::inRange<Bytes>(1, 100 * kGiB), b = *rc::gen::inRange<Bytes>(1, 100 * kGiB);
    RC_ASSERT(rank(std::min(a, b)) <= rank(std::max(a, b)));
  }));
}

TEST_CASE("what is rewritten to holds the need with its headroom and is not oversized itself") {
  CHECK(rc::check("a recommendation is the smallest class that fits", [] {
    Author author = anyAuthor();
    author.two = false;
    author.main = {*rc::gen::element<std::string>("nvidia.com/mig-7g.80gb", "nvidia.com/mig-3g.40gb"), "1", false, *rc::gen::inRange<Bytes>(1, 70 * kGiB)};
    World world{h100Policy(oversizedIs("rewrite")), "", {}};
    const auto object = manifestOf(author).text();
    const auto judgement = world.judge(object);
    RC_CLASSIFY(!judgement.patch.empty());
    const auto after = World{h100Policy(oversizedIs("rewrite")), "", {}}.judge(patched(object, judgement));
    if (!judgement.patch.empty()) RC_ASSERT(said(after) == "");
  }));
}
