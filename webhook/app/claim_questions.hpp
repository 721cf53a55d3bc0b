// What reviews ask the API server themselves: claims and templates of DRA that no watch has shown yet.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "admission/missing_claim.hpp"
#include "kube/cluster.hpp"

namespace rightslice::app {

/// Who asks is an event loop that answers other reviews too, and whatever stands in a pod makes it ask. So few questions are under way
/// at once, what was not to be had is not asked for again right away, and all loops together wait for a small share of the time, however
/// slow the API server is; a question that nobody waits for goes on. Thread-safe.
class ClaimQuestions {
 public:
  using Clock = std::chrono::steady_clock;
  using Send = std::function<void(kube::Request, std::function<void(Result<kube::Answer>)>)>;   ///< Cluster::send
  struct Options {
    std::size_t atOnce = 4;
    std::chrono::milliseconds patience{500};     ///< with one answer
    std::chrono::milliseconds remembered{1'000}; ///< that it was not to be had
    std::chrono::milliseconds mostWaiting{500};  ///< of all who ask, in a row
    double shareWaiting = 0.05;                  ///< of the time, in the long run
  };
  explicit ClaimQuestions(Send send) : ClaimQuestions(std::move(send), Options{}) {}
  ClaimQuestions(Send send, Options options) : send_(std::move(send)), options_(options), credit_(options.mostWaiting) {}

  /// The claim or template as the API server has it; nothing where it has none, or cannot say so in time.
  std::optional<workload::Claim> ask(const admission::MissingClaim& missing, const kube::Resource& resource, std::chrono::milliseconds limit);

 private:
  struct Question {
    bool answered = false;
    std::optional<workload::Claim> claim;
  };
  using Waiting = std::chrono::duration<double, std::milli>;

  std::shared_ptr<Question> begin(const std::string& path, bool isTemplate);
  void take(const std::string& path, bool isTemplate, const Result<kube::Answer>& answer);
  void forget(Clock::time_point now);
  Waiting lend(std::chrono::milliseconds limit, Clock::time_point now);

  const Send send_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::map<std::string, std::shared_ptr<Question>> open_;      // by path
  std::map<std::string, Clock::time_point> absent_;            // until when
  Waiting credit_;
  Clock::time_point credited_ = Clock::now();
};

}  // namespace rightslice::app
