// How important the work of a thread is beside that of others.
#pragma once

namespace rightslice::host {

/// The calling thread, and those that it starts, get the processor when no other of the machine wants it (nice 19, Linux: by thread).
/// Where the system refuses, nothing changes.
void yieldToOthers();

}  // namespace rightslice::host
