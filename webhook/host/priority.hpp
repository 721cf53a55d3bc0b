// How important the work of a thread is beside that of others.
#pragma once

namespace rightslice::host {

/// The calling thread, and those that it starts, get a tenth of the processor time that others get where there is not enough for all (nice,
/// on Linux by thread; in a container beside the threads of that container). Where the system refuses, nothing changes.
void yieldToOthers();

}  // namespace rightslice::host
