// What every fuzz target is made of: one function that looks at one input, and laws that its answers keep.
#pragma once
#include <string_view>

namespace rightslice::fuzz {

/// The target: defined once by each file of targets/. Any bytes are an input. Keeps no state from one input to the next that changes an answer.
void run(std::string_view input);

/// Where a law is broken, says so and ends the program as a crash does, so that libFuzzer keeps the input.
void require(bool holds, std::string_view law, std::string_view detail = {});

/// The input that `require` names, where the runner knows one.
void setCurrentInput(std::string_view name);

}  // namespace rightslice::fuzz
