// The frame of every answer.
#pragma once
#include <string>
#include <vector>

#include "admission/review.hpp"
#include "json/writer.hpp"

namespace rightslice::admission {

class Envelope {
 public:
  Envelope(const Review& review, bool allowed) {
    out_.beginObject().member("apiVersion", "admission.k8s.io/v1").member("kind", "AdmissionReview");
    out_.key("response").beginObject().member("uid", std::string_view(review.uid)).memberBool("allowed", allowed);
  }
  json::Writer& out() { return out_; }
  void warnings(const std::vector<std::string>& all) {
    if (all.empty()) return;
    out_.key("warnings").beginArray();
    for (const auto& text : all) out_.string(text);
    out_.endArray();
  }
  std::string close() {
    out_.endObject().endObject();
    return out_.take();
  }

 private:
  json::Writer out_;
};

}  // namespace rightslice::admission
