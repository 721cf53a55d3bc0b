#include "app/surroundings_source.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "host/regular_file.hpp"

namespace rightslice::app {

SurroundingsSource::SurroundingsSource(std::string file, workload::PriceBook prices, bool cluster)
    : file_(std::move(file)), prices_(std::move(prices)), cluster_(cluster) {
  if (file_.empty()) publish();
}

void SurroundingsSource::publish() {
  if (cluster_ && !facts_) return;
  workload::Surroundings surroundings = read_;
  if (facts_) {
    if (!surroundings.nodes) surroundings.nodes = facts_->nodes;
    if (!surroundings.namespaces) surroundings.namespaces = facts_->namespaces;
    if (!surroundings.devices.classes) surroundings.devices.classes = facts_->devices.classes;
    if (!surroundings.devices.templates) surroundings.devices.templates = facts_->devices.templates;
    if (!surroundings.devices.claims) surroundings.devices.claims = facts_->devices.claims;
    surroundings.digest = workload::digestOf(surroundings);
    surroundings.sort();
  }
  if (!surroundings.prices) surroundings.prices = prices_;
  published_.set(std::make_shared<const workload::Surroundings>(std::move(surroundings)));
}

void SurroundingsSource::take(ClusterFacts facts) {
  facts_ = std::move(facts);
  publish();
}

std::string SurroundingsSource::basis() const { return fmt::format("{}/{}", facts_ ? facts_->basis : 0, read_.digest); }

Result<bool> SurroundingsSource::read() {
  if (file_.empty()) return false;
  auto text = host::readRegularFile(file_, limits::kMaxFileBytes);
  if (!text) return tl::unexpected(text.error());
  if (*text == lastText_ && loaded_) return false;
  lastText_ = std::move(*text);  // a bad content is an error once, not at every poll
  auto surroundings = workload::readSurroundings(lastText_, file_);
  if (!surroundings) return tl::unexpected(surroundings.error());
  read_ = std::move(*surroundings);
  loaded_ = true;
  publish();
  return true;
}

}  // namespace rightslice::app
