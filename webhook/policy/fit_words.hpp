// What the messages of fit say of one request: what it asks for, what that holds, what is needed, what to write instead.
#pragma once
#include <string>

#include "model/footprint.hpp"
#include "policy/ladder.hpp"
#include "policy/need.hpp"
#include "policy/requested.hpp"

namespace rightslice::policy {

/// Parts of sentences. Refers to what it is made of, which outlives it.
class FitWords {
 public:
  FitWords(const AskEntry& entry, const Meaning& meaning, const NeedSource& source) : entry_(entry), meaning_(meaning), source_(source) {}

  std::string asks() const;                                    ///< "asks for nvidia.com/mig-3g.40gb"
  std::string holds(Bytes usable) const;                       ///< "3g.40gb holds 39.2 GiB"
  std::string what() const;                                    ///< the model, or "the container"
  std::string need(const model::Need& need, bool low) const;   ///< "17.6 GiB (weights 14.2 GiB, ...)"; `low`: the minimum
  std::string load() const;                                    ///< " with its load of 8 requests of 4096 tokens"
  std::string noneFits(const model::Need& need, bool offerKnown) const;
  /// "ask for nvidia.com/mig-2g.20gb (19.6 GiB) instead": what to write; `flags`: with which it starts there.
  std::string advice(const Choice& choice, const model::FlagList& flags) const;
  /// By how much compute falls from `before`, in compute slices, and memory bandwidth, which follows memory slices.
  std::string computeLoss(const Choice& choice, int before) const;

  static std::string way(const model::Way& way);
  /// "weights 14.2 GiB, KV cache 1.8 GiB, activations 1.4 GiB": the largest three.
  static std::string largestTerms(const model::Need& need, bool low);
  static std::string percent(int tenths);                      ///< "10 %", "12.5 %"

 private:
  const AskEntry& entry_;
  const Meaning& meaning_;
  const NeedSource& source_;
};

}  // namespace rightslice::policy
