// What scan says of money, for people: tables and sentences of which every report makes its own.
#pragma once
#include <string>
#include <vector>

#include "cli/scan_report.hpp"
#include "observe/money_json.hpp"

namespace rightslice::cli {

struct MoneyTable {
  std::string title;                            ///< "by namespace"
  std::vector<std::vector<std::string>> rows;   ///< the first names the columns; all but the first column are numbers
};

struct MoneyPage {
  std::string title;                            ///< what is counted, and at whose prices
  std::vector<MoneyTable> tables;               ///< the waterfall, then the views with more than one row; each sums to the spend
  std::vector<std::string> notes;               ///< what has no price, what cannot be told, and what could be saved
};
/// What each workload holds costs a month, "1234.56"; empty where something of it has no price, or it holds nothing. Parallel to
/// placement.deployed.
struct WorkloadCost {
  std::string total, oversized;
};
std::vector<WorkloadCost> workloadCosts(const observe::Observation& seen, const observe::Money& money);

/// Texts as they stand in the cluster: each output makes them safe for itself.
MoneyPage moneyPage(const observe::Snapshot& snapshot, const observe::Observation& seen, const observe::MoneyReport& report);

void writeMoneyText(const MoneyPage& page, const Style& style, const Print& print);

}  // namespace rightslice::cli
