// The words of an answer: what a denied person reads.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "admission/reviewer.hpp"

namespace rightslice::admission {

/// Warnings of an answer, each short and printable, at most limits::kMaxWarnings.
std::vector<std::string> warnings(const policy::Judgement& judgement, Path path);

/// "Oversized: container model: ...".
std::string labelled(const policy::Finding& finding);

/// Without line breaks and what else a terminal cannot be trusted with.
std::string oneLine(std::string_view text);

/// `text` cut at a code point to at most `bytes`, with an ellipsis where it was cut.
std::string cutTo(std::string text, std::size_t bytes);

}  // namespace rightslice::admission
