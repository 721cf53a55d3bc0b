#include "app/signals.hpp"

namespace rightslice::app {

Signals::Signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&set_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

Signals::~Signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

Signals::Event Signals::wait(std::chrono::milliseconds limit) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
  timespec time{};
  time.tv_sec = seconds.count();
  time.tv_nsec = std::chrono::nanoseconds(limit - seconds).count();
  switch (sigtimedwait(&set_, nullptr, &time)) {
    case SIGTERM:
    case SIGINT: return Event::Stop;
    case SIGHUP: return Event::Reload;
    default: return Event::Nothing;
  }
}

}  // namespace rightslice::app
