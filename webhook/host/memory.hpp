// Memory that was freed and that the allocator keeps.
#pragma once

namespace rightslice::host {

/// Gives it back to the system. For after a large piece of work that is not done again soon: reading 10,000 policies leaves twice what they take.
/// Takes some milliseconds, in which other threads may have to wait to allocate. Thread-safe.
void releaseFreedMemory();

}  // namespace rightslice::host
