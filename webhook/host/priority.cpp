#include "host/priority.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace rightslice::host {

void yieldToOthers() {
  constexpr int kLeast = 19;
  // setpriority(2): "in the current Linux/NPTL implementation of POSIX threads, the nice value is a per-thread attribute".
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLeast));
}

}  // namespace rightslice::host
