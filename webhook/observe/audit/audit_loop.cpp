#include "observe/audit/audit_loop.hpp"

#include "host/priority.hpp"

namespace rightslice::observe::audit {

AuditLoop::AuditLoop(Options options) : options_(std::move(options)), schedule_(options_.pace) {}

AuditLoop::~AuditLoop() { stop(); }

void AuditLoop::start() {
  thread_ = std::thread([this] {
    host::yieldToOthers();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      const auto wait = turn();
      lock.lock();
      stop_.wait_for(lock, wait, [this] { return stopping_; });
    }
  });
}

std::chrono::milliseconds AuditLoop::turn() {
  const bool leads = options_.leads();
  if (led_ && !leads && options_.lost) options_.lost();
  led_ = leads;
  const Schedule::Turn turn = schedule_.turn(options_.now(), leads, options_.changes());
  if (!turn.look) return turn.wait;
  schedule_.begin(options_.now());
  const bool good = options_.audit();
  if (stopping()) return {};
  schedule_.end(options_.now(), good);
  return {};
}

bool AuditLoop::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void AuditLoop::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (options_.interrupt) options_.interrupt();
}

void AuditLoop::stop() {
  if (!thread_.joinable()) return;
  interrupt();
  thread_.join();
}

}  // namespace rightslice::observe::audit
