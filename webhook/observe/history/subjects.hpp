// What a record keeps of workloads and nodes. Private to history/.
#pragma once
#include <string>

#include "observe/history/record.hpp"

namespace rightslice::observe::history {

/// "team-a/Deployment/chat". Pods that stand in for an owner are called by it: their own names change with every rollout.
std::string keyOf(const Report& report, Index deployed);

void addWorkloads(const Report& report, Record& to);
void addNodes(const Report& report, Record& to);

}  // namespace rightslice::observe::history
