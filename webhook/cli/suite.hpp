// A policy test suite: cases that say what a policy must decide (kind PolicyTest).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/date.hpp"
#include "json/yaml.hpp"
#include "policy/finding.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::cli {

/// What a case expects; absent parts are not compared.
struct Expectation {
  std::optional<policy::Action> decision, wouldBe;
  /// Codes with an action other than allow, exactly these.
  std::optional<std::vector<policy::Code>> findings;
  /// Codes that must be among them.
  std::vector<policy::Code> contains;
  /// Profile or resource name; "none": no recommendation.
  std::optional<std::string> recommended;
  std::string container;  ///< whose recommendation; empty: the first container that has one
};

struct Case {
  std::string name;
  std::string where;  ///< "file:line:column"
  json::Document manifest;
  std::optional<json::Document> old;  ///< an UPDATE of this object
  std::string ns = "default", user;
  std::vector<std::string> groups;
  std::optional<workload::StringMap> namespaceLabels;
  std::optional<std::string> surroundings;  ///< file, instead of the suite's
  std::optional<Date> now;
  Expectation expect;
};

struct Suite {
  std::string file, name;
  std::vector<std::string> policies;    ///< paths, resolved against the suite's folder
  std::string surroundings, catalogue;  ///< likewise; may be empty
  std::optional<Date> now;
  std::vector<Case> cases;
};

struct SuiteFile {
  std::vector<Suite> suites;
  std::vector<Error> errors;  ///< Error.where is "file:line:column"
  bool holdsOther = false;    ///< documents that are no PolicyTest
};

/// Reads all suites of a file, strictly: an unknown field, a wrong type or an unknown code is an error with its place.
/// Manifest files are read too.
SuiteFile readSuites(const std::string& text, const std::string& file);

}  // namespace rightslice::cli
