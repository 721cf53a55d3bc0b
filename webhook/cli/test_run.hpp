// Running policy test suites.
#pragma once
#include <string>
#include <vector>

#include "cli/suite.hpp"
#include "policy/judgement.hpp"

namespace rightslice::cli {

struct CaseResult {
  std::string suite, file, name, where;
  /// One line per part that differs: "decision: expected deny, got warn". Empty: passed.
  std::vector<std::string> differences;
  bool passed() const { return differences.empty(); }
};

/// What differs between what a case expects and what was judged.
std::vector<std::string> compare(const Expectation& expect, const policy::Judgement& judgement);

struct SuiteRun {
  std::vector<CaseResult> cases;
  std::vector<std::string> errors;  ///< policies or surroundings that could not be read: no case was run
};
SuiteRun runSuite(const Suite& suite);

}  // namespace rightslice::cli
