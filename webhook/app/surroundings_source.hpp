// The file of --surroundings, followed by content.
#pragma once
#include <string>

#include "base/error.hpp"
#include "host/published.hpp"
#include "workload/surroundings.hpp"

namespace rightslice::app {

/// current() is thread-safe; read() is for one thread.
class SurroundingsSource {
 public:
  /// `file` empty: everything is unknown but `prices`, which stand in wherever the file names none.
  SurroundingsSource(std::string file, workload::PriceBook prices);

  /// True if something new was published. After an error the last good value stays.
  Result<bool> read();
  std::shared_ptr<const workload::Surroundings> current() const { return published_.get(); }

 private:
  void publish(workload::Surroundings surroundings);

  std::string file_, lastText_;
  workload::PriceBook prices_;
  host::Published<workload::Surroundings> published_;
};

}  // namespace rightslice::app
