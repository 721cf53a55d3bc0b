// What the page is written with: texts of the cluster made safe, and a few figures for people.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::observe::page {

using Print = std::function<void(std::string_view)>;

/// As text of an element or of a quoted attribute: nothing in it is markup. What is no UTF-8, control characters and marks that end or
/// turn a line become '?'.
std::string escaped(std::string_view text);

/// JSON as the text of a script element: the same value, and nothing in it ends the element or begins a comment.
std::string inScript(std::string_view json);

/// "1,234.56"
std::string amount(std::int64_t cents);
/// "7", "8,250", with at most one decimal "12.5".
std::string tenths(std::int64_t value);
/// The same of GPUs, by GPU-hours per month x 100.
std::string gpusOf(std::int64_t centihours);
/// "a, b and 3 more": escaped, each as code.
std::string named(const std::vector<std::string>& all);

/// "1,234"
std::string number(std::int64_t value);
/// "3 nodes", "1 node"
std::string counted(std::int64_t count, std::string_view noun);
/// "12.5 %", rounded half up; empty of nothing.
std::string percent(std::int64_t part, std::int64_t all);

}  // namespace rightslice::observe::page
