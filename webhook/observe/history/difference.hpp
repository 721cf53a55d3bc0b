// What changed from what was known to a new look, and what is known then. Pure.
//
// The laws (tests/unit/observe/history_property_test.cpp): applied(state, differenceOf(state, record)) is what is known after the look; the
// difference of that to the same look is empty; nothing that the record could not see is gone, closed or another.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "observe/history/record.hpp"

namespace rightslice::observe::history {

/// What is known of a cluster after some looks: what is there, and findings that are open. By id, each once.
struct State {
  struct Known {
    Sort sort = Sort::Workload;
    std::string key;
    Fields fields;
    bool seen = true;                       ///< false: could not be seen in the last look
    friend bool operator==(const Known&, const Known&) = default;
  };
  struct Open {
    Found found;
    bool seen = true;                       ///< false: could not be looked for in the last look
  };
  std::vector<Known> subjects;
  std::vector<Open> findings;
};

struct FieldChange {
  std::string field;
  std::optional<std::string> before, after;  ///< absent: it did not apply, or was not said
  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

/// One subject that is new, gone, or another.
struct SubjectChange {
  enum class Sort { Appeared, Changed, Gone };
  Sort what = Sort::Changed;
  State::Known subject;                     ///< as it is now; of Gone as it was last
  std::vector<FieldChange> fields;          ///< of Changed
};
std::string_view name(SubjectChange::Sort sort);   ///< "appeared", "changed", "gone"

struct Difference {
  std::vector<SubjectChange> subjects;      ///< by id
  std::vector<Found> opened, closed;        ///< by id; closed: as they were last seen
  std::vector<Found> updated;               ///< open before and now, with other words, confidence or evidence: as they are now
  std::vector<State::Known> blinked;        ///< `seen` is another than before, and nothing else
  std::vector<State::Open> blinkedFindings;

  bool empty() const { return subjects.empty() && opened.empty() && closed.empty() && updated.empty() && blinked.empty() && blinkedFindings.empty(); }
};

Difference differenceOf(const State& before, const Record& look);
State applied(State before, const Difference& difference);

/// Fields of which one of the two has another value, or none.
std::vector<FieldChange> changesOf(const Fields& before, const Fields& after);

}  // namespace rightslice::observe::history
