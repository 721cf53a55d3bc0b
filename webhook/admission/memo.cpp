#include "admission/memo.hpp"

#include <algorithm>
#include <span>

#include "admission/inventory.hpp"
#include "json/serial.hpp"
#include "workload/kind.hpp"

namespace rightslice::admission {
namespace {

constexpr std::size_t kEntryBytes = 512;  // of a ruling beside its texts, and of the table

// What the API server writes and nobody judges by; a copy of the manifest as kubectl leaves it is said by the object itself.
constexpr std::string_view kUnread[] = {"resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"};
// Read, and no answer hangs on which text it is, only on whether it is one.
constexpr std::string_view kUid = "uid";
constexpr std::string_view kNames[] = {"name", "generateName"};
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool isIn(std::string_view key, std::span<const std::string_view> list) { return std::find(list.begin(), list.end(), key) != list.end(); }

void addText(std::string_view text, std::string& key) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

void addAnnotations(json::View annotations, std::string& key) {
  if (!annotations.isObject()) return json::serialize(annotations, key);
  key += '(';
  for (const auto each : annotations.members()) {
    if (each.key == kLastApplied) continue;
    addText(each.key, key);
    json::serialize(each.value, key);
  }
  key += ')';
}

void addMetadata(json::View metadata, bool withName, std::string& key) {
  if (!metadata.isObject()) return json::serialize(metadata, key);
  key += '(';
  for (const auto each : metadata.members()) {
    if (isIn(each.key, kUnread)) continue;
    if (each.value.isString() && !withName && isIn(each.key, kNames)) continue;
    if (each.value.isString() && each.key == kUid) {
      key += 'u';
      continue;
    }
    addText(each.key, key);
    if (each.key == "annotations") addAnnotations(each.value, key);
    else json::serialize(each.value, key);
  }
  key += ')';
}

void addObject(json::View object, bool withName, std::string& key) {
  if (!object.isObject()) return json::serialize(object, key);
  key += '(';
  for (const auto each : object.members()) {
    if (each.key == "status") continue;
    addText(each.key, key);
    if (each.key == "metadata") addMetadata(each.value, withName, key);
    else json::serialize(each.value, key);
  }
  key += ')';
}

/// What is known of the controller that owns the object.
void addOwner(json::View object, const Inventory& inventory, std::string& key) {
  for (const json::View each : object["metadata"]["ownerReferences"].elements()) {
    if (!each["controller"].boolean().value_or(false)) continue;
    const Running* owner = inventory.byUid(each["uid"].stringOr(""));
    addText(owner != nullptr ? std::string_view(*owner->text) : std::string_view(), key);
  }
}

/// Whether an answer may hang on the name beside what it says: kinds that keep no plain pod template may name a container after the object, and
/// annotations name containers.
bool readsName(json::View object) {
  const workload::Kind* kind = workload::findKind(object["apiVersion"].stringOr(""), object["kind"].stringOr(""));
  return kind == nullptr || kind->read != nullptr || kind->complete != nullptr;
}

std::size_t sizeOf(const std::string& key, const Ruling& ruling) { return key.size() + ruling.tail.size() + kEntryBytes; }

}  // namespace

std::shared_ptr<const Ruling> RulingTable::find(const MemoBasis& basis, std::string_view key) {
  if (!(basis == basis_)) {
    young_.clear();
    old_.clear();
    leaving_.clear();
    youngBytes_ = 0;
    basis_ = basis;
    return nullptr;
  }
  if (const auto at = young_.find(key); at != young_.end()) return at->second;
  const auto at = old_.find(key);
  if (at == old_.end()) return nullptr;
  auto node = old_.extract(at);
  const auto ruling = node.mapped();
  add(std::move(node.key()), ruling);
  return ruling;
}

void RulingTable::keep(const MemoBasis& basis, std::string key, std::shared_ptr<const Ruling> ruling) {
  if (basis == basis_) add(std::move(key), std::move(ruling));
}

void RulingTable::add(std::string key, std::shared_ptr<const Ruling> ruling) {
  const std::size_t size = sizeOf(key, *ruling);
  if (size > maxBytes_ / 16) return;
  if (youngBytes_ + size > maxBytes_ / 3) {
    leaving_ = std::move(old_);
    old_ = std::move(young_);
    young_.clear();
    youngBytes_ = 0;
  }
  constexpr int kLeaveAtOnce = 2;
  for (int gone = 0; gone < kLeaveAtOnce && !leaving_.empty(); ++gone) leaving_.erase(leaving_.begin());
  if (young_.emplace(std::move(key), std::move(ruling)).second) youngBytes_ += size;
}

std::optional<std::string> memoKey(const Review& review, bool validate, const Environment& environment) {
  const std::string_view ns = review.ns.empty() ? std::string_view("default") : std::string_view(review.ns);
  if (environment.inventory != nullptr && environment.policies->hasBudget(ns)) return std::nullopt;
  const bool withName = environment.policies->hasException(ns) || readsName(review.object);
  std::string key;
  key.reserve(2048);
  key += validate ? 'v' : 'm';
  key += review.dryRun ? 'd' : '-';  // of a dry run nobody is told
  for (const std::string* text : {&review.operation, &review.ns, &review.user}) addText(*text, key);
  for (const std::string& group : review.groups) addText(group, key);
  key += '|';
  addObject(review.object, withName, key);
  if (review.operation == "UPDATE") addObject(review.oldObject, withName, key);
  if (environment.inventory != nullptr) addOwner(review.object, *environment.inventory, key);
  return key;
}

}  // namespace rightslice::admission
