// What a model needs on one device: minimum, need and high, with every term explained (DESIGN 3.4).
// Formulas and their sources: facts cited at each one in footprint.cpp; summary in policies/catalogue/README.md.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "model/architecture.hpp"
#include "model/catalogue.hpp"
#include "model/engine.hpp"

namespace rightslice::model {

/// One part of a need. low <= bytes <= high.
struct Term {
  std::string name;   ///< weights, kvCache, activations, graphs, runtime, ...
  Bytes bytes = 0;    ///< expected, with the load
  std::string from;   ///< where it comes from, for a person: formula with its numbers, flag, catalogue row
  Bytes low = 0;      ///< low end, and what the engine needs of it to start (e.g. KV of one sequence)
  Bytes high = 0;
  bool open = false;  ///< takes memory and is not modelled: `high` is unknown
};

/// The load for which KV cache is counted.
struct Load {
  std::int64_t concurrency = 8;
  std::int64_t context = 4096;
  bool stated = false;
};

/// The device that an estimate is for: defaults of engines depend on it.
struct Device {
  std::optional<Bytes> memory;   ///< what it holds; nothing: unknown, small-device defaults hold
  bool isA100 = false;           ///< vLLM keeps the small defaults on A100 80GB
  std::int64_t count = 1;        ///< devices of this kind in the container
  friend bool operator==(const Device&, const Device&) = default;
};

/// The need of one device.
struct Need {
  enum class Source { Annotation, Policy, Estimate };
  Source source = Source::Estimate;
  Confidence confidence = Confidence::High;
  Bytes minimum = 0, bytes = 0;
  std::optional<Bytes> high;        ///< nothing: an open term
  std::vector<Term> terms;
};
std::string_view name(Need::Source source);  // "annotation", "policy", "estimate"

/// How weights may be stored otherwise than expected, where only a word or a name tells: the ends of their interval.
struct FormatDoubt {
  Format expected = Format::None;  ///< the doubt is about this one: another that is asked for (a build) has none
  Format narrowest = Format::None, widest = Format::None;
  bool unknown = false;            ///< a word of --quantization that tells nothing: no low end, and `high` is open
  std::string why;                 ///< for the term
};

/// Everything an estimate is made of; `architecture` and `run` outlive the call.
struct EstimateInput {
  const Architecture* architecture = nullptr;
  Confidence modelConfidence = Confidence::High;
  std::optional<Format> format;              ///< overrides the architecture's; from flags, annotation or name
  Confidence formatConfidence = Confidence::High;
  std::optional<FormatDoubt> formatDoubt;    ///< counts unless formatConfidence is High: a person said it then
  Quantization detail;                       ///< of `format`, where it is not the architecture's own
  const EngineRun* run = nullptr;
  const Architecture* draft = nullptr;       ///< of run->draft.model, where the catalogue has it; outlives the call
  std::shared_ptr<const Architecture> guessedDraft;  ///< owns `draft` where its shape is guessed (Resolved::guessed)
  std::optional<Format> draftFormat;         ///< in its name
  std::optional<std::string> kvCacheDtype;   ///< annotation; overrides the flag
  Load load;
  Device device;
};

/// An input for what the catalogue resolved: the format is that of flags that name one, else of the repository's name, else of the
/// catalogue's row. The caller adds annotations. `resolved` and `run` outlive the result.
EstimateInput estimateInput(const Resolved& resolved, const EngineRun& run, const Load& load, const Device& device);
/// Adds the draft model that the run names, if the catalogue has it or its shape can be guessed; the catalogue outlives `input`.
void resolveDraft(EstimateInput& input, const Catalogue& catalogue);

/// An estimate with what the rules of start need of it.
struct Estimate {
  Need need;
  std::int64_t parameters = 0;
  Bytes kvBytesPerToken = 0;                 ///< that the engine's pool charges, per device
  Bytes weights = 0, kv = 0, activations = 0, graphs = 0, runtime = 0;  ///< expected, per device
  std::int64_t maxModelLen = 0;              ///< that the engine will serve (flag, else the model's)
  std::int64_t maxNumSeqs = 0, maxNumBatchedTokens = 0;
  std::int64_t concurrency = 0, context = 0; ///< of the load, after the engine's caps
  double memoryFraction = 0;                 ///< that holds (flag or default); 0: none
};
/// Nothing if the engine has no KV rule or the architecture no plain arithmetic (then UnknownFootprint).
std::optional<Estimate> estimate(const EstimateInput& input);

/// Flags or variables of an engine with the values that they should have, as it spells them: {"--max-model-len", "8192"},
/// {"--enforce-eager", ""}, {"NIM_MAX_MODEL_LEN", "8192"}.
using FlagList = std::vector<std::pair<std::string, std::string>>;
/// "--max-num-seqs 8 --enforce-eager NIM_MAX_MODEL_LEN=8192"
std::string flagsText(const FlagList& flags);

/// Whether the engine leaves on the host what does not fit, with its flags as written.
bool spills(const EstimateInput& input);

/// Whether the engine starts on a device that holds `usable`, by its own rule and with its flags as written.
struct StartVerdict {
  bool surelyNot = false;  ///< even at the low end of the interval: EngineCannotStart
  bool surely = false;     ///< even at the high end: a candidate that "starts there"
};
/// The verdict alone, for many devices in a row: neither words nor remedy.
StartVerdict startVerdict(const EstimateInput& input, const Estimate& estimate, Bytes usable);

struct Start : StartVerdict {
  std::string why;     ///< "0.9 x 9.5 GiB leaves 8.6 GiB; weights 14.2 GiB + ... need 17.8 GiB"
  std::string remedy;  ///< which flag to set to what: "--max-model-len 8192" ; empty if no flag helps
  FlagList flags;      ///< with these it surely starts; empty if none does (remedy.hpp says how they are found)
  FlagList perhaps;    ///< as in Remedy
};
Start startsOn(const EstimateInput& input, const Estimate& estimate, Bytes usable,
               std::optional<int> headroomTenths = std::nullopt);

/// The gentlest change first: what costs nothing (the memory fraction, no more sequences than the load has), then a shorter maximum
/// length that still holds the load's requests, then an 8-bit KV cache, then no graphs; and what the load feels: a length below its
/// requests, fewer requests.
struct Remedy {
  FlagList flags;    ///< with these the engine surely starts; empty if none are found
  FlagList perhaps;  ///< gentler ones, with which it may start; empty where `flags` are gentle
  bool empty() const { return flags.empty() && perhaps.empty(); }
};
/// With `headroomTenths` (tenths of a percent) such flags as also make the need fit are preferred.
Remedy remedyFor(const EstimateInput& input, Bytes usable, std::optional<int> headroomTenths = std::nullopt);
/// The memory fraction alone, where with it the engine surely starts: it changes nothing that a workload promises.
std::optional<std::pair<std::string, std::string>> fractionFor(const EstimateInput& input, Bytes usable);

/// What the engine's pool would be on a device (vLLM: floor((fraction x usable - non-KV) / block) x block size).
struct KvPool { Bytes bytes = 0; std::int64_t tokens = 0; };
std::optional<KvPool> kvPool(const EstimateInput& input, const Estimate& estimate, Bytes deviceMemory);

/// One thing to change, with what must change beside it; enough alone.
struct Way {
  FlagList flags;                           ///< in the engine's own names
  std::optional<std::int64_t> maxModelLen;  ///< the longest sequence with them, where it is shorter than now
  std::optional<std::int64_t> concurrency;  ///< requests at once, where they are fewer than the load
  std::optional<Format> build;              ///< another build of the model, quantised so
  bool onlyFlags() const { return !flags.empty() && !build; }
};

/// What another flag would save of the need, and what it costs, for a person to weigh.
struct Saving {
  FlagList flags;
  Bytes bytes = 0;
  std::string_view price;
};
/// The largest first; what saves less than 64 MiB is left out.
std::vector<Saving> savings(const EstimateInput& input);

/// The flags with which `usable` holds the high end of the need with the headroom, the engine surely starts and the load is served
/// as it is; empty if none do, or none are needed.
FlagList flagsThatFit(const EstimateInput& input, Bytes usable, int headroomTenths);

/// What else would fit `usable` with `headroomTenths` (tenths of a percent), for Undersized and TightFit messages.
struct Alternatives {
  std::optional<std::int64_t> maxModelLen;   ///< largest multiple of 256 that fits, if shorter than now and useful (>= 1024)
  std::optional<std::int64_t> concurrency;   ///< largest that fits at this context, if lower than now and >= 1
  std::optional<std::string> quantization;   ///< mildest build that fits: "fp8", "awq"
  std::int64_t sequencesThatFit = 0;         ///< at the load's context
  /// The gentlest first. With each of them the need fits with the headroom and the engine surely starts, by the same
  /// formulas; where nothing alone is enough, one that changes several things.
  std::vector<Way> ways;
};
Alternatives alternatives(const EstimateInput& input, Bytes usable, int headroomTenths);

/// Flags that the engine refuses whatever the device, with what is known of the model: text for EngineSettings.
std::vector<std::string> refusedFlags(const EstimateInput& input);
/// Flags that waste the slice or leave too little for context and graphs, without surely failing: text for EngineSettings.
std::vector<std::string> settingsAdvice(const EstimateInput& input, const Estimate& estimate, Bytes usable);

}  // namespace rightslice::model
