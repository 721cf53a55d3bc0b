// Private to workload/: a part of a Kubernetes object with its JSON pointer, read without trust in its types.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "json/view.hpp"

namespace rightslice::workload {

using StringPairs = std::vector<std::pair<std::string, std::string>>;

class Part;

/// The reading of one object: what is malformed in it, and where its parts stand, of which text is made only where it is asked for.
/// Outlives its parts; the object outlives both.
class Reading {
 public:
  /// `at`: the pointer of the object itself, where it is a part of another.
  explicit Reading(std::vector<Error>& malformed, std::string at = {});
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  Part root(json::View object);

 private:
  friend class Part;
  using StepId = std::uint32_t;
  static constexpr StepId kRoot = 0, kNowhere = 1;

  /// The way from one part to a part of it: a member (its key lies in the object), or an element by its index.
  struct Step {
    StepId from = kRoot;
    std::uint32_t index = 0;
    std::string_view key;   ///< no data: an element
  };
  StepId step(StepId from, std::string_view key);
  StepId step(StepId from, std::size_t index);
  std::string pointer(StepId at) const;
  std::string token(StepId at) const;   ///< the last of its pointer
  void append(StepId at, std::string& pointer) const;
  void report(std::string pointer, std::string_view expected, json::View found);
  /// Each is looked for among those before it, and nobody reads so many: an object can have a million.
  bool full() const { return malformed_.size() >= kMostReported; }

  static constexpr std::size_t kMostReported = 200;
  std::vector<Error>& malformed_;
  std::string at_;
  std::vector<Step> steps_;   ///< the first two stand for the root and for nowhere
};

/// What has the wrong type is reported (once) and reads as absent; null is absent without a word, as in Kubernetes.
class Part {
 public:
  bool exists() const { return view_.exists() && !view_.isNull(); }
  json::View view() const { return view_; }
  std::string pointer() const { return reading_->pointer(step_); }
  /// The last token of the pointer, escaped.
  std::string token() const { return reading_->token(step_); }

  /// Members of an object by what they should be.
  Part object(std::string_view key) const;
  std::optional<std::string_view> string(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  /// The elements that are objects.
  std::vector<Part> objects(std::string_view key) const;
  /// The strings of an array. `whole`: all elements were strings.
  std::vector<std::string> strings(std::string_view key, bool* whole = nullptr) const;
  /// As strings(), but every element keeps its place: a number or boolean as its text, anything else as "".
  std::vector<std::string> words(std::string_view key) const;
  /// The members of an object whose values are strings.
  StringPairs stringMap(std::string_view key) const;

  /// Any member; elements and members of this part, whatever it is.
  Part member(std::string_view key) const;
  std::vector<Part> children() const;
  /// The element of an array at a token of a pointer.
  Part element(std::string_view token) const;

  /// A part that is not there.
  Part absent() const { return Part(json::View(), Reading::kNowhere, *reading_); }
  /// This part as an object (absent otherwise), as a count of things.
  Part asObject() const;
  std::optional<std::int64_t> asCount() const;

  void report(std::string_view expected) const;

 private:
  friend class Reading;
  Part(json::View view, Reading::StepId step, Reading& reading) : view_(view), step_(step), reading_(&reading) {}

  json::View view_;
  Reading::StepId step_;
  Reading* reading_;

  void reportMember(std::string_view key, std::string_view expected, json::View found) const;
  void reportElement(std::string_view key, std::size_t index, std::string_view expected, json::View found) const;
  /// A member that should be an array; what is none is reported.
  json::View array(std::string_view key, std::string_view expected) const;
};

const std::string* findIn(const StringPairs& pairs, std::string_view key);

}  // namespace rightslice::workload
