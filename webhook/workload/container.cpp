#include "workload/container.hpp"

#include <algorithm>

#include "json/writer.hpp"
#include "workload/expansion.hpp"
#include "workload/read_pod.hpp"

namespace rightslice::workload {
namespace {

void readQuantities(const Part& resources, std::string_view key, StringPairs& texts, std::vector<std::string>& json) {
  for (const auto each : resources.object(key).view().members()) {
    const auto text = each.value.string();
    json.push_back(text ? json::quoted(*text) : each.value.text());
    texts.emplace_back(each.key, text ? std::string(*text) : each.value.isNumber() ? each.value.scalarText().value_or(json.back()) : json.back());
  }
}

bool refersToVariables(const model::Invocation& invocation) {
  const auto refers = [](const std::string& text) { return text.find('$') != std::string::npos; };
  return std::any_of(invocation.command.begin(), invocation.command.end(), refers) ||
         std::any_of(invocation.args.begin(), invocation.args.end(), refers) ||
         std::any_of(invocation.env.begin(), invocation.env.end(),
                     [&](const model::Invocation::Env& entry) { return entry.value && refers(*entry.value); });
}

/// The kubelet resolves env by env alone, then the command line by env and envFrom; what only envFrom knows stays as text.
void expandInvocation(model::Invocation& invocation) {
  const bool whole = expandEnvironment(invocation.env);
  const bool wholeCommand = expandWords(invocation.command, invocation.env), wholeArgs = expandWords(invocation.args, invocation.env);
  if (!whole || !wholeCommand || !wholeArgs) invocation.envIncomplete = true;
}

}  // namespace

CommandText Container::asWritten() const {
  return unexpanded ? *unexpanded : CommandText{invocation.command, invocation.args, invocation.env};
}

model::Invocation Container::withText(const CommandText& text) const {
  model::Invocation changed;
  changed.image = invocation.image;
  changed.command = text.command;
  changed.args = text.args;
  changed.env = given;
  changed.env.insert(changed.env.end(), text.env.begin(), text.env.end());
  changed.envIncomplete = invocation.envIncomplete;
  expandInvocation(changed);
  return changed;
}

void Container::give(std::vector<model::Invocation::Env> variables) {
  given = std::move(variables);
  CommandText text = asWritten();
  auto told = std::move(invocation.told);
  const bool refers = refersToVariables(invocation);
  invocation = withText(text);
  invocation.told = std::move(told);
  if (refers) unexpanded = std::move(text);
}

const std::string* Container::limit(std::string_view resource) const { return findIn(limits, resource); }
const std::string* Container::request(std::string_view resource) const { return findIn(requests, resource); }

std::vector<model::Invocation::Env> readEnvironment(const Part& container, std::string_view key) {
  std::vector<model::Invocation::Env> env;
  for (const Part& each : container.objects(key)) {
    model::Invocation::Env entry;
    entry.name = each.string("name").value_or("");
    const Part written = each.member("value");
    if (const auto literal = each.string("value"); literal && !(literal->empty() && each.member("valueFrom").exists())) {
      entry.value = std::string(*literal);
    } else if (!written.exists() && !each.member("valueFrom").exists()) {
      entry.value = std::string();  // Kubernetes: an entry with neither is empty
    }
    env.push_back(std::move(entry));
  }
  return env;
}

Container readContainer(const Part& part, const HostPaths& volumes, std::optional<std::string> image) {
  Container out;
  out.name = part.string("name").value_or("");
  out.pointer = part.pointer();
  const Part resources = part.object("resources");
  readQuantities(resources, "limits", out.limits, out.limitsJson);
  readQuantities(resources, "requests", out.requests, out.requestsJson);
  for (const Part& claim : resources.objects("claims")) {
    out.claims.push_back({std::string(claim.string("name").value_or("")), std::string(claim.string("request").value_or("")), claim.pointer()});
  }
  for (const Part& mount : part.objects("volumeMounts")) {
    const auto volume = volumes.find(mount.string("name").value_or(""));
    if (volume != volumes.end()) out.hostPaths.push_back(volume->second);
  }
  out.privileged = part.object("securityContext").boolean("privileged").value_or(false);

  model::Invocation& invocation = out.invocation;
  invocation.image = image ? std::move(*image) : std::string(part.string("image").value_or(""));
  invocation.command = part.words("command");
  invocation.args = part.words("args");
  invocation.env = readEnvironment(part);
  invocation.envIncomplete = !part.objects("envFrom").empty();
  if (refersToVariables(invocation)) {
    out.unexpanded = CommandText{invocation.command, invocation.args, invocation.env};
    expandInvocation(invocation);
  }
  return out;
}

}  // namespace rightslice::workload
