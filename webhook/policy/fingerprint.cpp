#include "policy/fingerprint.hpp"

#include <concepts>

#include "base/digest.hpp"

namespace rightslice::policy {
namespace {

/// Adds values in the order of the calls; lists and absent values carry their own marks, so that none runs into the next.
class Printer {
 public:
  Printer& operator<<(const std::string& text) { digest_.add(text); return *this; }
  template <std::integral T> Printer& operator<<(T value) { return *this << std::to_string(value); }
  template <class T> requires std::is_enum_v<T> Printer& operator<<(T value) { return *this << static_cast<int>(value); }
  template <class T> Printer& operator<<(const std::optional<T>& value) {
    *this << value.has_value();
    if (value) *this << *value;
    return *this;
  }
  template <class T> Printer& operator<<(const std::vector<T>& values) {
    *this << values.size();
    for (const T& each : values) *this << each;
    return *this;
  }
  template <class T, std::size_t n> Printer& operator<<(const std::array<T, n>& values) {
    for (const T& each : values) *this << each;
    return *this;
  }
  Printer& operator<<(const gpu::Product* product) { return *this << product->title; }
  Printer& operator<<(const Selector::Requirement& each) { return *this << each.key << each.op << each.values; }
  Printer& operator<<(const Selector& selector) { return *this << selector.requirements; }
  Printer& operator<<(const DeclaredModel& each) {
    return *this << each.model << each.quantization << each.engine << each.memory << each.weights << each.overhead
                 << each.kvPerToken;
  }
  std::string hex() const { return digest_.hex(); }

 private:
  Digest digest_;
};

}  // namespace

std::string fingerprint(const Policy& p) {
  Printer print;
  print << p.cluster << p.ns << p.name << p.mode << p.kinds << p.selector << p.gpus << p.gpuMeaning << p.gpuProfile << p.offered
        << p.allowed << p.denied << p.preferDensity << p.minCompute << p.tolerance << p.concurrency << p.context << p.loadWritten
        << p.headroomTenths << p.actions << p.actionWritten << p.rewriteFlags << p.budget.memory << p.budget.gpusMillis
        << p.budget.costCents << p.budget.currency << p.ratchet << p.declarationsByPolicy << p.models << p.namespaces
        << p.namespaceSelector << p.overridable << p.exemptUsers << p.exemptGroups << p.exemptServiceAccounts
        << p.exceptionNamespaces;
  return print.hex();
}

std::string fingerprint(const Exception& e) {
  Printer print;
  print << e.ns << e.name << e.kind << e.object << e.findings << e.policies << e.owner << e.reason << e.expires.days;
  return print.hex();
}

}  // namespace rightslice::policy
