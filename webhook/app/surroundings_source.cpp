#include "app/surroundings_source.hpp"

#include "app/files.hpp"

namespace rightslice::app {

SurroundingsSource::SurroundingsSource(std::string file, workload::PriceBook prices) : file_(std::move(file)), prices_(std::move(prices)) {
  if (file_.empty()) publish({});
}

void SurroundingsSource::publish(workload::Surroundings surroundings) {
  if (!surroundings.prices) surroundings.prices = prices_;
  published_.set(std::make_shared<const workload::Surroundings>(std::move(surroundings)));
}

Result<bool> SurroundingsSource::read() {
  if (file_.empty()) return false;
  auto text = readFile(file_);
  if (!text) return tl::unexpected(text.error());
  if (*text == lastText_ && published_.get()) return false;
  lastText_ = std::move(*text);  // a bad content is an error once, not at every poll
  auto surroundings = workload::readSurroundings(lastText_, file_);
  if (!surroundings) return tl::unexpected(surroundings.error());
  publish(std::move(*surroundings));
  return true;
}

}  // namespace rightslice::app
