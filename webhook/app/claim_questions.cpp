#include "app/claim_questions.hpp"

#include <algorithm>

#include "app/device_objects.hpp"
#include "json/document.hpp"

namespace rightslice::app {
namespace {

constexpr std::size_t kMostAbsent = 1024;

std::optional<workload::Claim> claimOf(const Result<kube::Answer>& answer, bool isTemplate) {
  if (!answer || answer->status != 200) return std::nullopt;
  const auto document = json::Document::parse(answer->body);
  if (!document) return std::nullopt;
  return isTemplate ? readClaimTemplateObject(document->root()) : readClaimObject(document->root());
}

}  // namespace

void ClaimQuestions::forget(Clock::time_point now) {
  std::erase_if(absent_, [now](const auto& each) { return each.second <= now; });
  if (absent_.size() >= kMostAbsent) absent_.clear();
}

/// How long somebody may wait now. It is taken from the credit, and what is not used comes back.
ClaimQuestions::Waiting ClaimQuestions::lend(std::chrono::milliseconds limit, Clock::time_point now) {
  credit_ = std::min<Waiting>(options_.mostWaiting, credit_ + options_.shareWaiting * Waiting(now - credited_));
  credited_ = now;
  const Waiting lent = std::clamp<Waiting>(limit, Waiting(0), credit_);
  credit_ -= lent;
  return lent;
}

/// Null where as many are under way as may be.
std::shared_ptr<ClaimQuestions::Question> ClaimQuestions::begin(const std::string& path, bool isTemplate) {
  if (const auto at = open_.find(path); at != open_.end()) return at->second;
  if (open_.size() >= options_.atOnce) return nullptr;
  auto question = std::make_shared<Question>();
  open_.emplace(path, question);
  kube::Request request;
  request.path = path;
  request.patience = options_.patience;   // else the connection of one that nobody waits for lives on
  send_(std::move(request), [this, path, isTemplate](const Result<kube::Answer>& answer) { take(path, isTemplate, answer); });
  return question;
}

void ClaimQuestions::take(const std::string& path, bool isTemplate, const Result<kube::Answer>& answer) {
  auto claim = claimOf(answer, isTemplate);
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    forget(now);
    if (!claim) absent_.insert_or_assign(path, now + options_.remembered);
    const auto question = open_.extract(path).mapped();
    question->answered = true;
    question->claim = std::move(claim);
  }
  answered_.notify_all();
}

std::optional<workload::Claim> ClaimQuestions::ask(const admission::MissingClaim& missing, const kube::Resource& resource,
                                                   std::chrono::milliseconds limit) {
  const std::string path = kube::path(resource, missing.ns, missing.name);
  std::unique_lock lock(mutex_);
  const auto begun = Clock::now();
  if (const auto at = absent_.find(path); at != absent_.end() && begun < at->second) return std::nullopt;
  const auto question = begin(path, missing.isTemplate);
  if (!question) return std::nullopt;
  const Waiting lent = lend(limit, begun);
  answered_.wait_for(lock, lent, [&] { return question->answered; });
  credit_ += std::max(Waiting(0), lent - Waiting(Clock::now() - begun));
  return question->claim;
}

}  // namespace rightslice::app
