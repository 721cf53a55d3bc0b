// Values that occur in a text again and again, written once: what makes the page of a large cluster small. Of ten thousand workloads most
// say the same of their containers and findings.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rightslice::observe::page {

/// Two passes over the same pieces of JSON: count() each, then shortened() each. In what that writes, {"$": n} stands for the element n of
/// dictionary(), in which nothing stands for something else. An object that looks so itself stands in the dictionary too.
class Repeats {
 public:
  void count(std::string_view json);
  /// JSON that is not read as it should be stays as it is.
  std::string shortened(std::string_view json);
  /// An array; complete after the second pass.
  std::string dictionary() const;

 private:
  std::unordered_map<std::uint64_t, bool> again_;         ///< of each value seen, by a hash of its text: more than once?
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<const std::string*> entries_;               ///< keys of places_, which stay where they are
};

}  // namespace rightslice::observe::page
