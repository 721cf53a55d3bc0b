#include "policy/form.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/date.hpp"
#include "base/quantity.hpp"
#include "model/architecture.hpp"

namespace rightslice::policy {
namespace {

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isLetter(char c) { return isLower(lowerAscii(c)); }
bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool hasBlank(std::string_view text) { return std::any_of(text.begin(), text.end(), isBlank); }

// Kubernetes' names: k8s.io/apimachinery/pkg/util/validation/validation.go. Lengths stand in the table below.
bool isDnsPart(std::string_view text) {
  const auto alphanumeric = [](char c) { return isLower(c) || isDigitAscii(c); };
  return !text.empty() && alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

bool isDnsSubdomain(std::string_view text) {
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t dot = std::min(text.find('.', start), text.size());
    if (!isDnsPart(text.substr(start, dot - start))) return false;
    start = dot + 1;
  }
  return true;
}

bool isQualifiedPart(std::string_view text) {
  const auto alphanumeric = [](char c) { return isLetter(c) || isDigitAscii(c); };
  return !text.empty() && text.size() <= 63 && alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool isLabelKey(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return isQualifiedPart(text);
  return slash <= 253 && isDnsSubdomain(text.substr(0, slash)) && isQualifiedPart(text.substr(slash + 1));
}

bool isLabelValue(std::string_view text) { return text.empty() || isQualifiedPart(text); }
bool isCurrency(std::string_view text) { return text.size() == 3 && std::all_of(text.begin(), text.end(), isLetter); }
bool isText(std::string_view text) { return !std::all_of(text.begin(), text.end(), isBlank); }
bool isGlob(std::string_view text) { return !text.empty() && !hasBlank(text); }
bool isAccount(std::string_view text) { return !hasBlank(text) && text.find_first_of(":*") != std::string_view::npos; }
bool isProfile(std::string_view text) { return isGlob(text) && text.find_first_of("*?") == std::string_view::npos; }
bool isFormat(std::string_view text) { return text.empty() || text == "none" || model::parseFormat(text).has_value(); }

}  // namespace

std::optional<int> percentTenths(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view decimal = dot == std::string_view::npos ? std::string_view("0") : text.substr(dot + 1);
  const auto digits = [](std::string_view part) { return std::all_of(part.begin(), part.end(), isDigitAscii); };
  if (whole.empty() || whole.size() > 3 || decimal.size() != 1 || !digits(whole) || !digits(decimal)) return std::nullopt;
  int tenths = 0;
  for (const char c : whole) tenths = tenths * 10 + (c - '0');
  tenths = tenths * 10 + (decimal[0] - '0');
  return tenths <= 2000 ? std::optional(tenths) : std::nullopt;
}

std::optional<Bytes> positiveBytes(std::string_view text) {
  const Result<Quantity> quantity = Quantity::parse(text);
  if (!quantity || quantity->isNegative() || quantity->isZero()) return std::nullopt;
  return quantity->bytes();
}

namespace form {

constinit const Form kName{R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)", isDnsSubdomain,
                 "a name of lower-case letters, digits, '-' and '.'", 253};
constinit const Form kNamespace{R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)", isDnsPart,
                      "a namespace: at most 63 lower-case letters, digits and '-'", 63};
constinit const Form kLabelKey{
    R"(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$)",
    isLabelKey, "the key of a label, such as app.kubernetes.io/name", 317};
constinit const Form kLabelValue{R"(^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$)", isLabelValue,
                       "the value of a label: at most 63 letters, digits, '-', '_' and '.'", 63};
constinit const Form kQuantity{R"(^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$)",
                     [](std::string_view text) { return positiveBytes(text).has_value(); },
                     "a quantity above 0, such as 7Gi"};
constinit const Form kPercent{R"(^([01]?[0-9]?[0-9](\.[0-9])?|200(\.0)?)%$)",
                    [](std::string_view text) { return percentTenths(text).has_value(); },
                    "a percentage from \"0%\" to \"200%\" with at most one decimal, such as \"10%\""};
constinit const Form kDate{R"(^[0-9]{4}-[0-9]{2}-[0-9]{2}$)",
                 [](std::string_view text) { return Date::parse(text).has_value(); }, "a date such as \"2027-01-31\""};
constinit const Form kCurrency{R"(^[A-Za-z]{3}$)", isCurrency, "a currency of three letters, such as USD"};
constinit const Form kText{R"(\S)", isText, "a text that says something"};
constinit const Form kGlob{R"(^\S+$)", isGlob, "a name or glob ('*' any run of characters, '?' one) without blanks"};
constinit const Form kAccount{R"(^\S*[:*]\S*$)", isAccount, "a service account as \"namespace:name\", globs allowed"};
constinit const Form kProfile{R"(^[^*?\s]+$)", isProfile,
                    "the name of one slice profile, such as 1g.10gb (globs stand only in allowed and denied)"};
constinit const Form kProduct{R"(\S)", isText, "the name of a GPU product, such as NVIDIA-H100-80GB-HBM3"};
constinit const Form kFormat{"", isFormat,
                   "a weight format: none, fp8, fp8-block, int8, awq, gptq, gptq-int8, w4a16, nf4, mxfp4, nvfp4, mxfp8, "
                   "hqq, aqlm, gguf"};

}  // namespace form
}  // namespace rightslice::policy
