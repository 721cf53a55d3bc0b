#include "base/quantity.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

using namespace rightslice;

namespace {

constexpr Int128 kUnit = 1'000'000'000;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

/// In nanos, as a decimal text: Int128 has no stream operator.
std::string nanosOf(std::string_view text) {
  const auto quantity = Quantity::parse(text);
  if (!quantity) {
    return "error";
  }
  Int128 rest = quantity->nanos() < 0 ? -quantity->nanos() : quantity->nanos();
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest > 0);
  return (quantity->isNegative() ? "-" : "") + digits;
}

}  // namespace

TEST_CASE("every spelling of Kubernetes has its exact value") {
  struct Row {
    const char* text;
    const char* nanos;
  };
  for (const Row& row : {Row{"0", "0"}, Row{"1", "1000000000"}, Row{"+1", "1000000000"}, Row{"-1", "-1000000000"}, Row{"007", "7000000000"},
                         Row{"1.5", "1500000000"}, Row{".5", "500000000"}, Row{"1.", "1000000000"}, Row{"1000m", "1000000000"},
                         Row{"0.5m", "500000"}, Row{"1n", "1"}, Row{"1u", "1000"}, Row{"1k", "1000000000000"}, Row{"1M", "1000000000000000"},
                         Row{"1G", "1000000000000000000"}, Row{"1e3", "1000000000000"}, Row{"1E3", "1000000000000"}, Row{"1e+3", "1000000000000"},
                         Row{"1e-3", "1000000"}, Row{"1e0", "1000000000"}, Row{"1E", "1000000000000000000000000000"},
                         Row{"1Ei", "1152921504606846976000000000"}, Row{"1Ki", "1024000000000"}, Row{"7Gi", "7516192768000000000"},
                         Row{"1.5Gi", "1610612736000000000"}, Row{"0.1Ki", "102400000000"}, Row{".3Gi", "322122547200000000"},
                         Row{"-0.0", "0"}, Row{"000000000000000000000000000000000000000000001", "1000000000"},
                         Row{"1.000000000000000000000000000000000000", "1000000000"}, Row{"12345678901e-10", "1234567891"}}) {
    CAPTURE(row.text);
    CHECK(nanosOf(row.text) == row.nanos);
  }
}

TEST_CASE("what is finer than a nano is rounded away from zero") {
  for (const char* text : {"0.1n", "1e-10", "1e-999999999999999999999", "0.0000000001", "0.00000000000000000000000000000000001Ki"}) {
    CAPTURE(text);
    CHECK(nanosOf(text) == "1");
  }
  CHECK(nanosOf("-0.1n") == "-1");
  CHECK(nanosOf("1.0000000001") == "1000000001");
  CHECK(nanosOf("0.00000000001Gi") == "10737419");  // 10737418.24
}

TEST_CASE("what is too large is capped without overflow") {
  const Quantity cap(Int128{kMax} * kUnit);
  for (const char* text : {"9223372036854775807", "9223372036854775808", "10E", "8Ei", "1e19", "1e999999999999999999999", "999999999999999999999999999999Ei",
                           "9223372036854775807.5", "9007199254740992Ki"}) {
    CAPTURE(text);
    REQUIRE(Quantity::parse(text));
    CHECK(*Quantity::parse(text) == cap);
  }
  CHECK(*Quantity::parse("-10E") == Quantity(-(Int128{kMax} * kUnit)));
  CHECK(Quantity::parse("8Ei")->integer() == kMax);
  CHECK(Quantity::parse(std::string(1'000'000, '9'))->integer() == kMax);
  CHECK(Quantity::parse("0e999999999999")->isZero());
}

TEST_CASE("what is no quantity is refused with what was written") {
  for (const char* text : {"", "abc", " 1", "1 ", "1KI", "1K", "1ki", "1mi", "1i", "0x1", "1e", "1e+", "1e1.5", "1e3Gi", "--1", "+-1", "1.2.3", ".", "+", "-",
                           "m", "Gi", "1,5", "1Gi ", "1GiB", "1B", "NaN", "inf", "one", "1_000", "１"}) {
    CAPTURE(text);
    const auto quantity = Quantity::parse(text);
    REQUIRE(!quantity);
    CHECK(quantity.error().message.find(std::string("\"") + text + "\"") != std::string::npos);
  }
}

TEST_CASE("a whole number is an integer and a fraction is not") {
  CHECK(Quantity::parse("1000m")->integer() == 1);
  CHECK(Quantity::parse("1.0")->integer() == 1);
  CHECK(Quantity::parse("1k")->integer() == 1000);
  CHECK(Quantity::parse("-2")->integer() == -2);
  CHECK(!Quantity::parse("1500m")->integer());
  CHECK(!Quantity::parse("0.1n")->integer());
}

TEST_CASE("memory is whole bytes, rounded up") {
  CHECK(Quantity::parse("7Gi")->bytes() == 7 * kGiB);
  CHECK(Quantity::parse("1500m")->bytes() == 2);
  CHECK(Quantity::parse("0.1n")->bytes() == 1);
  CHECK(Quantity::parse("-1500m")->bytes() == -1);
  CHECK(Quantity::parse("8Ei")->bytes() == kMaxBytes);
}
