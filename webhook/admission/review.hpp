// AdmissionReview v1 in, the decoded request out. Source of the shape: k8s.io/api/admission/v1.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/document.hpp"

namespace rightslice::admission {

struct Review {
  json::Document body;              ///< owns what the views point into
  std::size_t bytes = 0;            ///< of the text that it was read from
  std::string uid, kind, kindGroup, resource, resourceGroup, subResource, ns, name, operation, user;
  std::vector<std::string> groups;
  bool dryRun = false;
  json::View object, oldObject;     ///< missing for DELETE/CREATE
  /// 400-class errors: no JSON, no AdmissionReview v1, no uid.
  static Result<Review> parse(std::string_view body);
};

}  // namespace rightslice::admission
