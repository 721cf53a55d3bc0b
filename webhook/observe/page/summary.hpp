// What the page says without its script: the head, what was not seen, where the money goes, and tables of everything.
#pragma once
#include <string>

#include "observe/page/markup.hpp"
#include "observe/report.hpp"

namespace rightslice::observe::page {

std::string title(const Report& report);
/// Where and when, and under which policies.
std::string masthead(const Report& report);
/// GPUs by what they do, workloads, findings, money.
std::string figures(const Report& report);
/// What could not be seen, and what is unknown for it. Never empty: where everything was seen, it says so.
std::string unseen(const Report& report);
/// The spend of the cluster by bucket, and savings.
std::string waterfall(const Report& report);
std::string savings(const Report& report);

/// For readers without a script: nodes, workloads and findings, at most kMostPlainRows of each, the worst workloads first.
constexpr std::size_t kMostPlainRows = 1000;
void writePlainTables(const Report& report, const Print& print);

}  // namespace rightslice::observe::page
