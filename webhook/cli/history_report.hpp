// The answers of `rightslice history`, and how they are shown: one function per view and output format. Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"
#include "observe/history/proposal.hpp"
#include "observe/history/store.hpp"

namespace rightslice::cli {

using Print = std::function<void(std::string_view)>;

/// What happened at one look.
struct HistoryEvent {
  std::int64_t at = 0;
  std::string what;                         ///< "appeared", "changed", "gone", "opened", "closed"
  observe::history::Sort sort{};
  std::string subject;
  std::vector<observe::history::FieldChange> fields;   ///< of changed
  std::string code, container, aspect, message;        ///< of opened and closed
};
/// In order of time, subject and what. From `from` on; what stood already in the first look is no event.
std::vector<HistoryEvent> eventsOf(const observe::history::KeptCluster& cluster, const std::vector<observe::history::KeptState>& states,
                                   const std::vector<observe::history::KeptFinding>& findings, const observe::history::Query& query);

/// Cents of one row, so that the rows of a day sum to what the day cost, rounded once.
struct SpentRow {
  std::int64_t day = 0;
  std::string currency, ns, workload, bucket;
  std::int64_t cents = 0;
};
std::vector<SpentRow> spentOf(const std::vector<observe::history::KeptSpend>& rows);

enum class SpendBy { Day, Namespace, Workload };

void writeHead(const observe::history::KeptCluster& cluster, const Print& print);
void writeFindingsText(const observe::history::KeptCluster& cluster, const std::vector<observe::history::KeptFinding>& findings, const Style& style, const Print& print);
void writeFindingsJson(const observe::history::KeptCluster& cluster, const std::vector<observe::history::KeptFinding>& findings, const Print& print);
void writeChangesText(const std::vector<HistoryEvent>& events, const Print& print);
void writeChangesJson(const observe::history::KeptCluster& cluster, const std::vector<HistoryEvent>& events, const Print& print);
void writeSpendText(const std::vector<SpentRow>& rows, const std::vector<observe::history::KeptDay>& days, SpendBy by, const Print& print);
void writeSpendJson(const observe::history::KeptCluster& cluster, const std::vector<SpentRow>& rows, const std::vector<observe::history::KeptDay>& days,
                    const Print& print);
void writeModelsYaml(const std::vector<observe::history::Proposal>& proposals, const Print& print);
void writeModelsJson(const observe::history::KeptCluster& cluster, const std::vector<observe::history::Proposal>& proposals, const Print& print);

}  // namespace rightslice::cli
