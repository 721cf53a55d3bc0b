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

/// What has the wrong type is reported (once) and reads as absent; null is absent without a word, as in Kubernetes.
class Part {
 public:
  Part(json::View view, std::string pointer, std::vector<Error>& malformed)
      : view_(view), pointer_(std::move(pointer)), malformed_(&malformed) {}

  bool exists() const { return view_.exists() && !view_.isNull(); }
  json::View view() const { return view_; }
  const std::string& pointer() const { return pointer_; }

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

  /// A part that is not there.
  Part absent() const { return Part(json::View(), {}, *malformed_); }
  /// This part as an object (absent otherwise), as a count of things.
  Part asObject() const;
  std::optional<std::int64_t> asCount() const;

  void report(std::string_view expected) const;

 private:
  json::View view_;
  std::string pointer_;
  std::vector<Error>* malformed_;

  Part element(json::View view, std::size_t index) const;
  std::vector<Part> elements(std::string_view key, std::string_view expected) const;
};

const std::string* findIn(const StringPairs& pairs, std::string_view key);

}  // namespace rightslice::workload
