// Restarting: a container with a model that ends again and again, and why, as far as its status tells.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "observe/rules.hpp"

namespace rightslice::observe {
namespace {

constexpr std::int64_t kManyRestarts = 3;
constexpr std::int64_t kLately = 24 * 3600;   // a node that was upgraded last week is no finding

/// What ends a container with a model. Host memory and device memory are different things: the kernel kills for the one, CUDA refuses
/// the other, and the process ends by itself.
enum class Cause { HostMemory, DeviceMemory, Signal, Error, Unknown };

// Texts of PyTorch (c10/cuda/CUDACachingAllocator.cpp), vLLM (v1/core/kv_cache_utils.py), llama.cpp (ggml-cuda.cu) and the CUDA driver.
constexpr std::string_view kDeviceMemory[] = {"CUDA out of memory",        "torch.OutOfMemoryError",     "torch.cuda.OutOfMemoryError",
                                              "CUDA_ERROR_OUT_OF_MEMORY",  "cudaErrorMemoryAllocation",  "No available memory for the cache blocks",
                                              "cudaMalloc failed: out of memory"};

Cause causeOf(const Ended& ended) {
  if (std::any_of(std::begin(kDeviceMemory), std::end(kDeviceMemory),
                  [&](std::string_view text) { return ended.message.find(text) != std::string::npos; }))
    return Cause::DeviceMemory;
  if (ended.reason == "OOMKilled") return Cause::HostMemory;
  if (ended.signal != 0 || ended.exitCode > 128) return Cause::Signal;
  return ended.exitCode != 0 ? Cause::Error : Cause::Unknown;
}

std::string causeText(Cause cause, const Ended& ended) {
  switch (cause) {
    case Cause::HostMemory: return "killed for want of host memory (OOMKilled), not of GPU memory";
    case Cause::DeviceMemory: return "CUDA was out of memory";
    case Cause::Signal: return fmt::format("ended by signal {}", ended.signal != 0 ? ended.signal : ended.exitCode - 128);
    case Cause::Error: return fmt::format("ended with exit code {}", ended.exitCode);
    case Cause::Unknown: break;
  }
  return ended.reason.empty() ? "ended, and its status does not say why" : fmt::format("ended ({})", ended.reason);
}

std::string_view remedyOf(Cause cause) {
  switch (cause) {
    case Cause::HostMemory: return "raise limits.memory of the container, or let it take less host memory: CPU offload, swap space and /dev/shm count";
    case Cause::DeviceMemory: return "a larger slice, a shorter maximum length or fewer sequences at once";
    case Cause::Signal:
    case Cause::Error:
    case Cause::Unknown: break;
  }
  return "read the log of the container before this one (kubectl logs --previous); with terminationMessagePolicy: FallbackToLogsOnError its end is seen here";
}

}  // namespace

std::vector<Finding> findRestarting(const Scene& scene, Index index) {
  struct Worst {
    const Pod* pod = nullptr;
    const RunningContainer* container = nullptr;
    std::int64_t pods = 0, restarts = 0;
  };
  std::vector<Worst> all;
  for (const Index at : scene.deployed(index).pods) {
    const Pod& pod = scene.snapshot.pods[at];
    if (pod.deleting) continue;
    for (const RunningContainer& each : pod.containers) {
      const auto since = each.last ? scene.secondsSince(each.last->finishedAt) : std::nullopt;
      const bool lately = !since || *since <= kLately;
      const bool loops = each.waiting == "CrashLoopBackOff";
      const bool memory = each.last && each.restarts > 0 && (causeOf(*each.last) == Cause::HostMemory || causeOf(*each.last) == Cause::DeviceMemory);
      if (!loops && !(lately && (each.restarts >= kManyRestarts || memory))) continue;
      auto same = std::find_if(all.begin(), all.end(), [&](const Worst& other) { return other.container->name == each.name; });
      if (same == all.end()) same = all.insert(all.end(), Worst{&pod, &each, 0, 0});
      ++same->pods;
      same->restarts += each.restarts;
      if (each.restarts > same->container->restarts) {
        same->pod = &pod;
        same->container = &each;
      }
    }
  }
  std::vector<Finding> out;
  for (const Worst& worst : all) {
    const RunningContainer& container = *worst.container;
    const Cause cause = container.last ? causeOf(*container.last) : Cause::Unknown;
    Finding finding;
    finding.code = Code::Restarting;
    finding.container = container.name;
    finding.pod = worst.pod->name;
    finding.message = fmt::format("{} of {} restarted {}{}{}", container.name, worst.pods == 1 ? "pod " + worst.pod->name : counted(worst.pods, "pod"),
                                  counted(worst.restarts, "time"), container.last ? ", last " + causeText(cause, *container.last) : "",
                                  container.waiting.empty() ? "" : fmt::format("; it waits ({})", container.waiting));
    finding.remedy = remedyOf(cause);
    finding.confidence = cause == Cause::Unknown ? model::Confidence::Low : cause == Cause::HostMemory || cause == Cause::DeviceMemory ? model::Confidence::High
                                                                                                                                    : model::Confidence::Medium;
    const std::string source = sourceOf(*worst.pod);
    finding.evidence.push_back({"restarts", std::to_string(container.restarts), source});
    if (container.last) {
      finding.evidence.push_back({"exit code", std::to_string(container.last->exitCode), source, container.last->finishedAt});
      if (!container.last->reason.empty()) finding.evidence.push_back({"reason", container.last->reason, source, container.last->finishedAt});
      if (!container.last->message.empty()) finding.evidence.push_back({"termination message", container.last->message, source, container.last->finishedAt});
    }
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace rightslice::observe
