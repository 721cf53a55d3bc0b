#include "host/memory.hpp"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace rightslice::host {

void releaseFreedMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace rightslice::host
