// The policy language itself: every field that people may write (DESIGN 4).
#include <fmt/format.h>

#include "model/engine.hpp"
#include "policy/field.hpp"
#include "policy/finding.hpp"

namespace rightslice::policy {
namespace {

using namespace field;
using enum DocumentKind;

constexpr std::int64_t kMaxConcurrency = 1'000'000, kMaxContext = 100'000'000, kMaxSlices = 1000;

Field selector(std::string name, std::string meaning) {
  Field expression = object("", "", {
      text("key", "The label.", form::kLabelKey).required(),
      choice("operator", "How to compare; NotIn also holds where the label is absent.",
             {"In", "NotIn", "Exists", "DoesNotExist"}).required(),
      list("values", "For In and NotIn: at least one. For the others: none.", text("", "", form::kLabelValue)),
  });
  expression.rules = {{"self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : !has(self.values) || size(self.values) == 0",
                       "In and NotIn need at least one value, Exists and DoesNotExist take none"}};
  return object(std::move(name), std::move(meaning), {
      map("matchLabels", "Labels that must have exactly these values.", text("", "", form::kLabelValue)),
      list("matchExpressions", "Conditions that must all hold.", std::move(expression)),
  });
}

Field actions() {
  std::vector<Field> fields;
  for (const CodeRow& row : codes()) {
    std::vector<std::string> values{"allow", "warn", "deny"};
    if (row.mayRewrite) values.emplace_back("rewrite");
    Field field = choice(std::string(row.name), fmt::format("What to do if {}.", row.summary), std::move(values))
                      .byDefault(fmt::format("\"{}\"", name(row.defaultAction)));
    if (!row.mayRewrite) field.valueNote = "rewrite is only possible for Oversized and Undersized";
    fields.push_back(std::move(field));
  }
  Field field = object("actions", "What to do about each finding; a code that is not named keeps its default.", std::move(fields));
  field.unknownCode = "UnknownFinding";
  return field;
}

Field models() {
  std::vector<std::string> names{""};
  for (const model::Engine* each : model::engines()) names.emplace_back(each->name);
  Field engine = choice("engine", "Only for this engine; absent or empty: any.", std::move(names));
  Field format = text("quantization", "Only for this weight format; absent or empty: any.", form::kFormat);
  engine.kubernetesDefault = format.kubernetesDefault = "\"\"";

  Field element = object("", "", {
      text("model", "The model as the engine is told it, or a glob; case does not matter.", form::kGlob).required(),
      quantity("memory", "The peak without the unused KV pool. Instead of weights, kvPerToken and overhead."),
      quantity("weights", "Memory of the weights."),
      quantity("kvPerToken", "KV cache for each token, beside weights. Default: none."),
      quantity("overhead", "What is needed beside weights and KV cache. Default: none."),
      std::move(format),
      std::move(engine),
  });
  element.oneOf = R"([{"required":["memory"],"not":{"anyOf":[{"required":["kvPerToken"]},{"required":["overhead"]}]}},)"
                  R"({"required":["weights"]}])";
  element.rules = {{"has(self.memory) != has(self.weights)", "write either memory (the whole peak), or weights with kvPerToken and overhead"},
                   {"!has(self.memory) || (!has(self.kvPerToken) && !has(self.overhead))",
                    "memory is the whole peak already: kvPerToken and overhead belong to weights"}};
  Field field = list("models", "Declared models. Of several that fit the most specific counts.", std::move(element));
  field.listKeys = {"model", "quantization", "engine"};
  return field;
}

Field headroom() {
  Field field = text("headroom", "How much must stay free above the need: 0 to 200 %, one decimal at most.", form::kPercent)
                    .byDefault("\"10%\"");
  field.numberNote = "write it with a percent sign, such as \"10%\"";
  return field;
}

}  // namespace

Field policySpec() {
  return object("spec", "What the policy says.", {
      choice("mode", "enforce acts; warn turns denials and rewrites into warnings; audit only records.",
             {"enforce", "warn", "audit"}).required(),
      object("match", "Which objects the policy judges.", {
          list("kinds", "Kinds of objects. Default: every kind that the program knows.", text("", "", form::kText)),
          selector("selector", "The object's own labels. Default: any."),
      }),
      list("namespaces", "Globs of namespaces. Default: all.", text("", "", form::kGlob)).only(ClusterSlicePolicy),
      selector("namespaceSelector", "Labels of the namespace. Where they are not known the policy does not apply.")
          .only(ClusterSlicePolicy),
      boolean("overridable", "True: steps back where a SlicePolicy of the namespace matches the object.")
          .byDefault("false").only(ClusterSlicePolicy),
      list("gpus", "GPU products of the nodes, where the workload selects none.", text("", "", form::kProduct)),
      text("gpuResource", "What nvidia.com/gpu means: whole (a whole GPU) or the profile of a slice.", form::kProfile),
      object("slices", "Which slices there are, and which may be used.", {
          list("offered", "Profiles that the nodes offer. Default: what the inventory shows.", text("", "", form::kProfile)),
          list("allowed", "Globs of profiles that may be asked for. Default, also if empty: all.", text("", "", form::kGlob)),
          list("denied", "Globs of profiles that may not be asked for; wins over allowed.", text("", "", form::kGlob)),
          choice("prefer", "Among slices of equal memory recommend the one with most or with fewest compute slices.",
                 {"compute", "density"}).byDefault("\"compute\""),
          integer("minCompute", "Compute slices that a recommendation has at least.", 1, kMaxSlices).byDefault("1"),
          integer("tolerance", "How many sizes too large a slice may be before it is Oversized.", 0, kMaxSlices).byDefault("0"),
      }),
      object("load", "The load that KV cache is counted for, where the workload states none. Written here, it is stated.", {
          integer("concurrency", "Sequences at the same time.", 1, kMaxConcurrency).byDefault("8"),
          integer("context", "Tokens of one sequence.", 1, kMaxContext).byDefault("4096"),
      }),
      headroom(),
      actions(),
      object("engine", "What may be changed about the engine.", {
          boolean("rewriteFlags", "True: a rewrite may also write the engine flags that the new slice needs.").byDefault("false"),
      }),
      object("budget", "What the namespace may use; absent parts are not limited.", {
          quantity("memory", "Memory of all slices and GPUs."),
          number("gpus", "Sum of the shares of GPUs, to three decimals."),
          object("cost", "Cost by the price book of the platform.", {
              number("amount", "The amount.").required(),
              text("currency", "Three letters, the same as in the price book.", form::kCurrency).required(),
              choice("per", "The period.", {"month"}).byDefault("\"month\""),
          }),
      }),
      boolean("ratchet", "True: on an update, what was as bad before is only a warning.").byDefault("true"),
      choice("declarations", "Whose word counts for the footprint: that of the workload's annotations, or the policy's.",
             {"workload", "policy"}).byDefault("\"workload\"").only(SlicePolicy),
      choice("declarations", "Whose word counts for the footprint: that of the workload's annotations, or the policy's.",
             {"workload", "policy"}).byDefault("\"policy\"").only(ClusterSlicePolicy),
      models(),
      object("exempt", "Who is only recorded, never denied or patched.", {
          list("users", "Globs of user names.", text("", "", form::kGlob)),
          list("groups", "Globs of groups.", text("", "", form::kGlob)),
          list("serviceAccounts", "Globs of service accounts, as namespace:name.", text("", "", form::kAccount)),
      }).only(ClusterSlicePolicy),
      object("exceptions", "Where a SliceException counts against this policy.", {
          list("namespaces", "Globs of namespaces. Default: none.", text("", "", form::kGlob)),
      }).only(ClusterSlicePolicy),
  });
}

Field exceptionSpec() {
  std::vector<std::string> names;
  for (const CodeRow& row : codes()) names.emplace_back(row.name);
  Field code = choice("", "", std::move(names));
  code.valueCode = "UnknownFinding";
  Field expires = text("expires", "The last day (UTC) on which the exception counts, as YYYY-MM-DD.", form::kDate).required();
  expires.numberNote = "write it as YYYY-MM-DD";
  return object("spec", "What is excepted, for how long, and who answers for it.", {
      text("kind", "Glob of kinds. Default: any.", form::kGlob),
      text("name", "Glob of names of objects. Default: any.", form::kGlob),
      list("findings", "Codes of the findings that are let pass.", std::move(code)).required().atLeast(1),
      list("policies", "Names of policies. Default: all SlicePolicies of the namespace, and every ClusterSlicePolicy whose "
           "spec.exceptions.namespaces names the namespace; another ClusterSlicePolicy never counts.", text("", "", form::kName)),
      text("owner", "Who answers for it.", form::kText).required(),
      text("reason", "Why.", form::kText).required(),
      std::move(expires),
  });
}

const Field& documentField() {
  static const Field kDocument = [] {
    const auto kindField = [](DocumentKind kind) {
      return choice("kind", "Which of the three this is.", {std::string(name(kind))}).required().only(kind);
    };
    Field version = choice("apiVersion", "The version of the language.", {std::string(kApiVersion)}).required();
    version.valueCode = "NotAPolicy";
    return object("", "", {
        std::move(version),
        kindField(SlicePolicy), kindField(ClusterSlicePolicy), kindField(SliceException),
        object("metadata", "As of any Kubernetes object; only these fields are read.", {
            text("name", "The name, once for each kind and namespace.", form::kName).required(),
            text("namespace", "The namespace. Default: default.", form::kNamespace).notFor(ClusterSlicePolicy),
        }).required().open(),
        policySpec().required().notFor(SliceException),
        exceptionSpec().required().only(SliceException),
        anything("status", "Written by the program in a cluster; not read."),
    });
  }();
  return kDocument;
}

}  // namespace rightslice::policy
