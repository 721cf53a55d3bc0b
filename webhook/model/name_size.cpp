#include "model/name_size.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.hpp"
#include "model/spelling.hpp"

namespace rightslice::model {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kBillion = 1'000 * kMillion;

// Names of what is served beside a model, or is only a part of one.
constexpr std::string_view kParts[] = {"lora",   "qlora",  "adapter",    "adapters", "peft",   "eagle", "eagle3",
                                       "medusa", "hydra",  "speculator", "draft",    "mmproj", "mtp"};

/// Digits at `at` with at most one point between them; moves `at` behind them. Thousandths, so that "1.5" is 1500.
std::optional<std::int64_t> thousandths(std::string_view text, std::size_t& at) {
  std::int64_t value = 0;
  int decimals = -1;
  std::size_t digits = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && decimals < 0 && digits > 0 && at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9') {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') break;
    if (++digits > 6 || decimals >= 3) return std::nullopt;
    value = value * 10 + (c - '0');
    if (decimals >= 0) ++decimals;
  }
  if (digits == 0) return std::nullopt;
  for (int i = std::max(decimals, 0); i < 3; ++i) value *= 10;
  return value;
}

/// "7b", "1.5b", "350m", "7b1" (seven point one); nothing for anything else.
std::optional<std::int64_t> plainSize(std::string_view token) {
  std::size_t at = 0;
  const auto number = thousandths(token, at);
  if (!number || at >= token.size()) return std::nullopt;
  const char unit = token[at++];
  std::int64_t value = *number;
  if (unit == 'b' && at + 1 == token.size() && token[at] >= '1' && token[at] <= '9' && value % 1000 == 0) {
    value += 100 * (token[at] - '0');
    ++at;
  }
  if (at != token.size()) return std::nullopt;
  // "1m" is a context of a million tokens, and 10 million parameters serve nothing.
  if (unit == 'm' && value >= 10'000 && value < 1'000'000) return value * (kMillion / 1000);
  if (unit == 'b' && value >= 50 && value <= 3'000'000) return value * (kBillion / 1000);
  return std::nullopt;
}

struct Typical {
  std::int64_t layers, hidden, heads, kvHeads, headDim, vocab;
  std::int64_t parameters;
};
// SmolLM2-135M, Qwen2.5-0.5B and -1.5B, Llama-3.2-3B, Llama-3.1-8B, Qwen3-14B, Qwen2.5-32B, Llama-3.1-70B, Mistral-Large-2,
// Llama-3.1-405B.
constexpr Typical kTypical[] = {
    {30, 576, 9, 3, 64, 49152, 135 * kMillion},        {24, 896, 14, 2, 64, 151936, 500 * kMillion},
    {28, 1536, 12, 2, 128, 151936, 1500 * kMillion},   {28, 3072, 24, 8, 128, 128256, 3200 * kMillion},
    {32, 4096, 32, 8, 128, 128256, 8 * kBillion},      {40, 5120, 40, 8, 128, 151936, 14 * kBillion},
    {64, 5120, 40, 8, 128, 151936, 32 * kBillion},     {80, 8192, 64, 8, 128, 128256, 70 * kBillion},
    {88, 12288, 96, 8, 128, 32768, 123 * kBillion},    {126, 16384, 128, 8, 128, 128256, 405 * kBillion},
};

const Typical& nearest(std::int64_t parameters) {
  const Typical* best = kTypical;
  double bestDistance = 1e9;
  for (const Typical& one : kTypical) {
    const double distance =
        std::abs(std::log(static_cast<double>(parameters)) - std::log(static_cast<double>(one.parameters)));
    if (distance >= bestDistance) continue;
    best = &one;
    bestDistance = distance;
  }
  return *best;
}

/// The width of the feed-forward part with which the shape has `parameters`, at least a fourth of the hidden size.
void fit(Architecture& a, std::int64_t parameters) {
  std::int64_t& width = a.experts > 0 ? a.moeIntermediate : a.intermediate;
  width = 0;
  const std::int64_t rest = parameters - countParameters(a).total;
  const Int128 each = Int128{3} * a.hidden * a.layers * std::max<std::int64_t>(1, a.experts);
  width = std::max(a.hidden / 4, static_cast<std::int64_t>(std::max<Int128>(rest, 0) / each));
}

/// "stablelm-2-1_6b" is 1.6b; of "llama_2_7b" nobody can tell: false.
bool joinDecimals(std::string& name) {
  constexpr std::string_view kSeparators = "-: ";
  const auto isDigit = [&](std::size_t at) { return at < name.size() && name[at] >= '0' && name[at] <= '9'; };
  for (std::size_t at = name.find('_'); at != std::string::npos; at = name.find('_', at + 1)) {
    if (at == 0 || !isDigit(at - 1) || !isDigit(at + 1)) continue;
    std::size_t start = at;
    while (start > 0 && isDigit(start - 1)) --start;
    const std::size_t end = std::min(name.find_first_of("-_: ", at + 1), name.size());
    if (!plainSize(std::string_view(name).substr(at + 1, end - at - 1)) || at - start > 2) continue;
    const bool alone = (start == 0 || kSeparators.find(name[start - 1]) != std::string_view::npos) &&
                       (end == name.size() || name[end] != '_');
    if (!alone) return false;
    name[at] = '.';
  }
  return true;
}

}  // namespace

std::optional<NameSize> sizeInName(std::string_view name) {
  while (!name.empty() && name.back() == '/') name.remove_suffix(1);
  std::string last = lowered(name.substr(name.rfind('/') + 1));
  if (!joinDecimals(last)) return std::nullopt;
  NameSize found;
  std::int64_t small = 0;  // in millions: only where nothing is told in billions
  std::string smallText;
  bool several = false;
  const auto set = [&](std::int64_t parameters, std::string_view token) {
    several |= found.parameters > 0 && found.parameters != parameters;
    found.parameters = parameters;
    found.text = token;
  };
  std::string_view rest = last;
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of("-_: ");
    const std::string_view token = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (std::find(std::begin(kParts), std::end(kParts), token) != std::end(kParts)) return std::nullopt;
    if (const auto size = plainSize(token)) {
      if (token.find('b') != std::string_view::npos) set(*size, token);
      else {
        several |= small > 0 && small != *size;
        small = *size;
        smallText = token;
      }
      continue;
    }
    if (token.size() > 1 && token.front() == 'a') {
      if (const auto size = plainSize(token.substr(1)); size && found.parameters > *size) {
        found.active = *size;
        found.text += "-";
        found.text += token;
      }
      continue;
    }
    std::size_t at = 0;
    const auto count = thousandths(token, at);
    if (!count || *count % 1000 != 0 || at >= token.size()) continue;
    if (token[at] == 'e' && at + 1 == token.size()) return std::nullopt;  // the size of one token beside experts
    if (token[at] != 'x') continue;
    if (const auto each = plainSize(token.substr(at + 1)); each && *count >= 2000 && *count <= 1'000'000) {
      // Experts share attention and embeddings: Mixtral 8x7B has 0.83 of 8 x 7e9.
      set(static_cast<std::int64_t>(Int128{*count / 1000} * *each * 83 / 100), token);
      found.experts = *count / 1000;
      found.active = *each;
    }
  }
  if (found.parameters == 0 && small > 0) {
    found.parameters = small;
    found.text = smallText;
  }
  if (several || found.parameters == 0) return std::nullopt;
  return found;
}

Architecture guessedArchitecture(std::string_view name, const NameSize& size, const Architecture* like,
                                 bool formatKnown) {
  Architecture a;
  Guess guess;
  if (like != nullptr) {
    a = *like;
    a.aliases.clear();
    const ParameterCount count = countParameters(a);
    guess.parameters = count.total;
    guess.parametersLow = count.total - count.total / 50;
    guess.parametersHigh = count.total + count.total / 20;
    // Its longest sequence may be a short one.
    guess.kv = guess.kvHigh = a.maxPositions;
    guess.kvLow = std::min<std::int64_t>(a.maxPositions, 2048);
    guess.vocabLow = guess.vocabHigh = a.vocab;
  } else {
    const Typical& typical = nearest(size.active > 0 ? size.active : size.parameters);
    a.family = "llama";
    a.layers = a.fullLayers = typical.layers;
    a.hidden = typical.hidden;
    a.heads = typical.heads;
    a.kvHeads = typical.kvHeads;
    a.headDim = typical.headDim;
    a.vocab = typical.vocab;
    a.tiedEmbeddings = size.parameters < 4 * kBillion;
    a.maxPositions = 32768;
    if (size.active > 0) {
      a.experts = size.experts > 0 ? size.experts : 128;
      a.expertsPerToken = size.experts > 0 ? 2 : 8;
    }
    fit(a, size.parameters);
    guess.parameters = countParameters(a).total;
    // Names round, and small ones leave out the embedding: gemma-2-2b has 2.61e9, Qwen1.5-0.5B 0.62e9, gemma-7b 8.54e9.
    const std::int64_t added = std::min(800 * kMillion, size.parameters * 3 / 5);
    guess.parametersLow = static_cast<std::int64_t>(Int128{size.parameters} * (size.experts > 0 ? 80 : 90) / 100);
    guess.parametersHigh = static_cast<std::int64_t>(Int128{size.parameters} * (size.experts > 0 ? 120 : 115) / 100) + added;
    // From one KV head in every eighth layer (hybrids) to as many as query heads (Llama-2-7B).
    guess.kv = 2 * a.layers * a.kvHeads * a.headDim;
    guess.kvLow = std::max<std::int64_t>(1, 2 * a.layers * 64 / 8);
    guess.kvHigh = 2 * a.layers * a.hidden;
    guess.vocabLow = 32000;
    guess.vocabHigh = 262144;
  }
  if (!formatKnown) guess.parametersLow = static_cast<std::int64_t>(Int128{guess.parametersLow} * 17 / 64);  // 4.25 of 16 bits
  a.id = name;
  a.guess = guess;
  a.source = like != nullptr ? "the name, which begins like " + like->id : "the size in its name, " + size.text;
  return a;
}

}  // namespace rightslice::model
