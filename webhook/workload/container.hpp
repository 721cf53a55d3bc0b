// One container of a pod template: what it asks for and what it runs, as written.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "model/engine.hpp"
#include "workload/claim.hpp"

namespace rightslice::workload {

/// The words and variables of a container as they stand in the object, each at its place: $(VAR) is not expanded.
struct CommandText {
  std::vector<std::string> command, args;
  std::vector<model::Invocation::Env> env;
};

struct Container {
  std::string name;
  std::string pointer;       ///< JSON pointer of the container in the object: "/spec/template/spec/containers/0"
  bool init = false;         ///< an ordinary init container: runs before the others
  bool sidecar = false;      ///< an init container with restartPolicy Always: runs beside the others
  /// resources.limits and .requests: resource name -> quantity text (numbers as their shortest text; other types as JSON
  /// text, which no quantity grammar accepts). In document order.
  std::vector<std::pair<std::string, std::string>> limits, requests;
  /// The same values as JSON text as they stand in the object ("1" or 1), parallel to limits and requests: a patch tests them.
  std::vector<std::string> limitsJson, requestsJson;
  std::vector<ContainerClaim> claims;          ///< resources.claims
  /// Where the request is written in an object that has no list of resources for it.
  std::string requestPointer;
  /// It is put together from several places of the object, so that neither request nor command line can be written back as one.
  bool gathered = false;
  std::vector<std::string> hostPaths;          ///< paths of the hostPath volumes that this container mounts
  bool privileged = false;
  /// command and args with $(VAR) of literal env values expanded, env with the values known here.
  model::Invocation invocation;

  /// What its operator sets before the container's own variables.
  std::vector<model::Invocation::Env> given;
  void give(std::vector<model::Invocation::Env> variables);

  /// Where an expansion changed something, what is written.
  std::optional<CommandText> unexpanded;
  CommandText asWritten() const;
  /// What would run if that were written.
  model::Invocation withText(const CommandText& text) const;

  const std::string* limit(std::string_view resource) const;
  const std::string* request(std::string_view resource) const;
};

}  // namespace rightslice::workload
