// Private to workload/: $(VAR) references in command, args and env, as the kubelet resolves them.
// Source: kubernetes third_party/forked/golang/expansion/expand.go and pkg/kubelet (makeEnvironmentVariables).
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/engine.hpp"

namespace rightslice::workload {

/// "$(X)" becomes the value of X, or stays as it is where `valueOf` gives none; "$$" becomes "$", so "$$(X)" is "$(X)".
std::string expand(std::string_view text, const std::function<const std::string*(std::string_view)>& valueOf);

/// Each literal value sees the entries before it, the last of a name. In place. A value that its references would blow up
/// beyond reason becomes unknown, and the answer is false.
bool expandEnvironment(std::vector<model::Invocation::Env>& env);

/// The words of a command line see all entries. A word blown up beyond reason stays as it is written, and the answer is false.
bool expandWords(std::vector<std::string>& words, const std::vector<model::Invocation::Env>& env);

}  // namespace rightslice::workload
