#include "host/priority.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace rightslice::host {

void yieldToOthers() {
  constexpr int kNice = 10;   // a tenth of the weight of others (sched(7)): they hardly notice, and it still comes forward beside them
  // setpriority(2): "in the current Linux/NPTL implementation of POSIX threads, the nice value is a per-thread attribute".
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
}

}  // namespace rightslice::host
