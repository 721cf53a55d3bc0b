// What the person types to call this program: by its own name, or as kubectl's plugin.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::cli {

/// "rightslice", or "kubectl rightslice" where it was started as kubectl-rightslice: kubectl runs a plugin by the name of its file
/// (k8s.io/kubectl, pkg/cmd/plugin). Any folder, and an ending such as .exe, are cut off.
std::string_view programName(std::string_view argv0);

/// Said once, before anything is printed; `commands`: the words that may follow the name.
void setProgramName(std::string_view argv0, std::vector<std::string> commands);

/// `text` for that person: where it shows a command ("rightslice check ..."), with the name that they type.
std::string asCalled(std::string_view text);

}  // namespace rightslice::cli
