#include "cli/against.hpp"

#include <fmt/format.h>

#include "admission/context.hpp"
#include "app/applied.hpp"

namespace rightslice::cli {

using Usage = policy::Request::Usage;

Against::Against(LiveCluster& live, const Sources& sources) : live_(live), sources_(sources) {
  inventory_.take(live.snapshot.running, sources.environment(), "now", live.autoscalers());
}

Result<bool> Against::meet(json::View manifest, const workload::Workload& workload, Meeting& meeting, policy::Request& request) {
  meeting.unknown = live_.unknownPolicies(workload.ns);
  if (workload.kind != nullptr) {
    auto found = live_.look->object(*workload.kind, workload.ns, workload.name);
    if (!found) return tl::unexpected(found.error());
    if (found->state == app::LiveObject::State::Unread)
      meeting.unknown.push_back(fmt::format("{} {} as it is now", workload.kindName, workload.name));
    if (found->state == app::LiveObject::State::Found) {
      meeting.old = workload::read(found->object.root(), workload.ns);
      meeting.merged = app::applied(found->object.root(), manifest);
      meeting.now = workload::read(meeting.merged->root(), workload.ns);
      request.operation = policy::Operation::Update;
      request.old = &*meeting.old;
    }
  }
  const auto environment = sources_.environment();
  const auto& inventory = *inventory_.current();
  const workload::Workload& object = meeting.now ? *meeting.now : workload;
  admission::addRunning(inventory, object, environment, request);
  request.usageKnown = live_.snapshot.runningKnown(workload.ns);
  request.autoscalersKnown = live_.snapshot.autoscalersKnown(workload.ns);
  const Use& more = more_[workload.ns];
  request.usage = policy::plus(request.usage, more.counted);
  request.written = policy::plus(request.written, more.written);
  if (request.owner == nullptr && (meeting.owner = admission::ownerOf(inventory, object))) request.owner = &*meeting.owner;
  return true;
}

void Against::admit(const workload::Workload& workload, const policy::Request& request) {
  const auto environment = sources_.environment();
  const auto add = [&](Usage& more, const workload::Autoscaler* autoscaler, const Usage& old) {
    const auto now = policy::usageOf(workload, *environment.policies, environment.catalogue, *environment.surroundings, autoscaler);
    more = policy::plus(more, {now.memory - old.memory, now.gpuMillis - old.gpuMillis, now.costCents - old.costCents});
  };
  Use& more = more_[workload.ns];
  add(more.counted, request.autoscaler, request.oldUsage);
  add(more.written, nullptr, request.oldWritten);
}

}  // namespace rightslice::cli
