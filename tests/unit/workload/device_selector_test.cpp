#include "workload/device_selector.hpp"

#include <doctest/doctest.h>

#include "workload/cel.hpp"

using namespace rightslice;
using workload::celText;
using workload::DeviceSelector;
using workload::readDeviceSelector;

namespace {

/// What was read, as CEL joined by "; ", and behind " ? " what was not.
std::string read(std::string_view cel) {
  const DeviceSelector selector = readDeviceSelector(cel);
  std::string text;
  for (const auto& each : selector.conditions) text += (text.empty() ? "" : "; ") + celText(each);
  for (const auto& each : selector.unread) text += " ? " + each;
  return text;
}

const std::string kProfile = R"(device.attributes["gpu.nvidia.com"].profile)";
const std::string kMemory = R"(device.capacity["gpu.nvidia.com"].memory)";
const std::string k3g = kProfile + R"( == "3g.40gb")";

std::string atLeast(std::string_view bytes) { return kMemory + ".compareTo(quantity(\"" + std::string(bytes) + "\")) >= 0"; }
std::string atMost(std::string_view bytes) { return kMemory + ".compareTo(quantity(\"" + std::string(bytes) + "\")) <= 0"; }

}  // namespace

TEST_CASE("equality is read in every spelling of the attribute") {
  for (const std::string_view cel : {
           R"(device.attributes["gpu.nvidia.com"].profile == "3g.40gb")", R"(device.attributes['gpu.nvidia.com'].profile=='3g.40gb')",
           R"('3g.40gb' == device.attributes["gpu.nvidia.com"]["profile"])", R"((device.attributes["gpu.nvidia.com"].profile) == ("3g.40gb"))",
           R"(device.attributes["gpu.nvidia.com"].profile in ["3g.40gb"])", R"(device.attributes["gpu.nvidia.com"].?profile.orValue("") == "3g.40gb")",
           R"(device.attributes[?"gpu.nvidia.com"].profile.orValue("none") == r"3g.40gb")",
           R"("profile" in device.attributes["gpu.nvidia.com"] && device.attributes["gpu.nvidia.com"].profile == "3g.40gb")",
           R"("gpu.nvidia.com" in device.attributes && has(device.attributes["gpu.nvidia.com"].profile) && device.attributes["gpu.nvidia.com"].profile == """3g.40gb""")",
           R"(cel.bind(gpu, device.attributes["gpu.nvidia.com"], gpu.profile == "3g.40gb"))", R"(true && device.attributes["gpu.nvidia.com"].profile == "3g.40gb")",
           "device // which?\n .attributes[\"gpu.nvidia.com\"]\n\t.profile == \"3g.40gb\""}) {
    CHECK_MESSAGE(read(cel) == k3g, cel);
  }
}

TEST_CASE("the fields that decide the size are read, with and and in") {
  CHECK(read(R"(device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'mig' && device.attributes['gpu.nvidia.com'].profile == '1g.12gb')") ==
        R"(device.driver == "gpu.nvidia.com"; device.attributes["gpu.nvidia.com"].type == "mig"; device.attributes["gpu.nvidia.com"].profile == "1g.12gb")");
  CHECK(read(R"(device.attributes["gpu.nvidia.com"].profile in ["1g.10gb", '1g.10gb+me', "1g.10gb"])") == kProfile + R"( in ["1g.10gb", "1g.10gb+me"])");
  CHECK(read(R"(device.attributes["gpu.nvidia.com"].profile == "a" || "b" == device.attributes["gpu.nvidia.com"].profile)") == kProfile + R"( in ["a", "b"])");
  CHECK(read(R"(device.attributes["gpu.nvidia.com"].productName == "NVIDIA A100-SXM4-80GB")") ==
        R"(device.attributes["gpu.nvidia.com"].productName == "NVIDIA A100-SXM4-80GB")");
}

TEST_CASE("comparisons of memory are bounds in bytes") {
  const auto with = [](std::string rest) { return R"(device.capacity["gpu.nvidia.com"].memory)" + rest; };
  CHECK(read(with(R"(.compareTo(quantity("1Ki")) >= 0)")) == atLeast("1024"));
  CHECK(read(with(R"(.compareTo(quantity("1Ki")) > 0)")) == atLeast("1025"));
  CHECK(read(with(R"(.compareTo(quantity("1Ki")) == 1)")) == atLeast("1025"));
  CHECK(read(with(R"(.compareTo(quantity("1Ki")) > -1)")) == atLeast("1024"));
  CHECK(read(with(R"(.compareTo(quantity("1Ki")) <= 0)")) == atMost("1024"));
  CHECK(read(with(R"(.compareTo(quantity("1Ki")) < 0)")) == atMost("1023"));
  CHECK(read(with(R"(.isGreaterThan(quantity("1Ki")))")) == atLeast("1025"));
  CHECK(read(with(R"(.isLessThan(quantity("1Ki")))")) == atMost("1023"));
  CHECK(read("!" + with(R"(.isLessThan(quantity("1Ki")))")) == atLeast("1024"));
  CHECK(read("!" + with(R"(.isGreaterThan(quantity("1Ki")))")) == atMost("1024"));
  CHECK(read(with(R"( == quantity("4864Mi"))")) == kMemory + R"( == quantity("5100273664"))");
  CHECK(read(with(R"(.compareTo(quantity("1Ki")) == 0)")) == kMemory + R"( == quantity("1024"))");
  CHECK(read("0 >= " + with(R"(.compareTo(quantity("1Ki")))")) == atMost("1024"));
  CHECK(read(R"(quantity("1Ki").compareTo(device.capacity["gpu.nvidia.com"].memory) <= 0)") == atLeast("1024"));
  CHECK(read(R"(quantity("1Ki").compareTo(device.capacity["gpu.nvidia.com"].memory) < 0)") == atLeast("1025"));
  CHECK(read(R"(quantity("1Ki").isGreaterThan(device.capacity["gpu.nvidia.com"].memory))") == atMost("1023"));
}

TEST_CASE("what is not read is kept as it is written, and the rest beside it counts") {
  const std::string other = R"(device.attributes["gpu.nvidia.com"].driverVersion.compareTo(semver("570.0.0")) >= 0)";
  CHECK(read(k3g + " && " + other) == k3g + " ? " + other);
  for (const std::string& cel : {
           std::string(R"(device.attributes["gpu.nvidia.com"].productName.lowerAscii().matches('^.*a100.*$'))"), k3g + " || " + atLeast("5"),
           k3g + R"( || device.attributes["gpu.nvidia.com"].type == "gpu")", "!(" + k3g + ")", k3g + " ? true : false", k3g + " == true",
           std::string(R"(device.attributes["gpu.nvidia.com"].profile != "1g.10gb")"), std::string(R"(device.attributes["gpu.nvidia.com"].profile > "1g")"),
           std::string(R"(device.attributes["gpu.example.com"].profile == "3g.40gb")"), std::string(R"(attributes["gpu.nvidia.com"].profile == "3g.40gb")"),
           std::string(R"(other.attributes["gpu.nvidia.com"].profile == "3g.40gb")"), std::string(R"(device.capacity["gpu.nvidia.com"].profile == "3g.40gb")"),
           std::string(R"(device.attributes["gpu.nvidia.com"].profile == "3g.\u00340gb\u12")"), std::string(R"(device.attributes["gpu.nvidia.com"].profile == b"3g.40gb")"),
           std::string(R"(device.attributes["gpu.nvidia.com"].?profile == "3g.40gb")"), std::string(R"(device.attributes["gpu.nvidia.com"].profile in [])"),
           std::string(R"(device.attributes["gpu.nvidia.com"].profile in ["3g.40gb", name])"), std::string("false"), std::string("1"),
           std::string(R"(device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("1Ki")) != 0)"),
           std::string(R"(device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("1Ki")) >= -1)"),
           std::string(R"(device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("1.5")) >= 0)"),
           std::string(R"(device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("-1")) >= 0)"),
           std::string(R"(device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("10GB")) >= 0)"),
           std::string(R"(device.capacity["gpu.nvidia.com"].memory.compareTo("10Gi") >= 0)"),
           std::string(R"(device.capacity["gpu.nvidia.com"].multiprocessors.isGreaterThan(quantity("10")))")}) {
    CHECK_MESSAGE(read(cel) == " ? " + cel, cel);
  }
}

TEST_CASE("escapes in digits are the characters that they number") {
  for (const std::string_view cel : {
           R"(device.attributes["gpu.nvidia.com"].profile == "3g.\u00340gb")", R"(device.attributes["\x67pu.nvidia.com"].profile == '3\X67.40gb')",
           R"(device.attributes["gpu.nvidia.com"].profile == "\063g\U0000002e40gb")"}) {
    CHECK_MESSAGE(read(cel) == k3g, cel);
  }
  CHECK(read(R"(device.attributes["gpu.nvidia.com"].profile == "\u00e9\u20ac\U0001F600\377")") == kProfile + " == \"\u00e9\u20ac\U0001F600\u00ff\"");
  for (const std::string_view escape : {R"(\ud800)", R"(\U00110000)", R"(\400)", R"(\08)", R"(\x4)", R"(\x+4)", R"(\u00g0)", R"(\q)"}) {
    const std::string cel = kProfile + " == \"3g.40gb" + std::string(escape) + "\"";
    CHECK_MESSAGE(read(cel) == " ? " + cel, cel);
  }
  CHECK(read(kProfile + R"( == r"\x33")") == kProfile + R"( == "\\x33")");
}

TEST_CASE("a negation is read where what it says can be said without it") {
  const auto profile = [](std::string_view op, std::string_view value) { return kProfile + " " + std::string(op) + " \"" + std::string(value) + "\""; };
  CHECK(read("!(" + profile("!=", "3g.40gb") + ")") == k3g);
  CHECK(read("!!(" + k3g + ")") == k3g);
  CHECK(read("!(" + profile("!=", "a") + " && !(" + profile("==", "b") + "))") == kProfile + R"( in ["a", "b"])");
  CHECK(read("!(" + profile("!=", "a") + " || !" + kMemory + ".isLessThan(quantity(\"1Ki\")))") == profile("==", "a") + "; " + atMost("1023"));
  CHECK(read("!(" + kMemory + ".compareTo(quantity(\"1Ki\")) < 0)") == atLeast("1024"));
  for (const std::string& cel : {"!(" + k3g + ")", "!(" + profile("!=", "a") + " || " + k3g + ")", "!(" + profile("!=", "a") + " && true)", std::string("!true"),
                                 "!has(" + kProfile + ")", std::string(R"(!("profile" in device.attributes["gpu.nvidia.com"]))"), "!(" + kProfile + " in [\"a\"])", "-(" + k3g + ")"}) {
    CHECK_MESSAGE(read(cel) == " ? " + cel, cel);
  }
}

TEST_CASE("what stands for an absent attribute must not be what is asked for: devices without it would be selected too") {
  CHECK(read(R"(device.attributes["gpu.nvidia.com"].?profile.orValue("3g.40gb") == "3g.40gb")").starts_with(" ? "));
}

TEST_CASE("a name that is bound stands for the attributes, and only where it is bound") {
  CHECK(read(R"(cel.bind(device, device.attributes["gpu.nvidia.com"], device.profile == "3g.40gb"))") == k3g);
  CHECK(read(R"(cel.bind(device, device.attributes["gpu.nvidia.com"], device.attributes["gpu.nvidia.com"].profile == "3g.40gb"))").starts_with(" ? "));
  CHECK(read(R"(cel.bind(a, a.orValue("x"), a == "y"))").starts_with(" ? "));
  CHECK(read(R"(cel.bind(a, a || a, a))").starts_with(" ? "));
  CHECK(read(R"(cel.bind(a, device.capacity["gpu.nvidia.com"], a.memory == quantity("1Ki")) && a.profile == "3g.40gb")") ==
        kMemory + R"( == quantity("1024") ? a.profile == "3g.40gb")");
}

TEST_CASE("text that is no CEL is unread as a whole, and says where it ends to be") {
  CHECK(read(R"(device.attributes["gpu.nvidia.com"].profile == )") == R"( ? device.attributes["gpu.nvidia.com"].profile == (column 48: it ends too early))");
  for (const std::string_view cel : {"", "(", ")", "a b", "a.", "a..b", "'", "\"\\", "[", "[1", "{1:", "a ? b", "?!", "f(", "a[", "in", "a in", "a &", "&& a", "1 +", "\xff", "a\0b"}) {
    const DeviceSelector selector = readDeviceSelector(cel);
    CHECK(selector.conditions.empty());
    CHECK_MESSAGE(selector.unread.size() == 1, cel);
  }
}

TEST_CASE("depth and length are bounded") {
  const auto repeated = [](std::string_view text, std::size_t times) {
    std::string out;
    while (times-- > 0) out += text;
    return out;
  };
  for (const std::string_view open : {"(", "[", "!", "-", "f(", "a[", "{", "{1:", "a?b:", "a.b(", "cel.bind(a,b,"}) {
    CHECK_FALSE(workload::parseCel(repeated(open, 3000)));
  }
  CHECK_FALSE(workload::parseCel("a" + repeated(".b", 200)));
  CHECK_FALSE(workload::parseCel("1" + repeated("+1", 200)));
  CHECK_FALSE(workload::parseCel(repeated("(", 60) + repeated("[", 10) + repeated("]", 10) + repeated(")", 60)));
  CHECK(workload::parseCel(repeated("(", 20) + "a" + repeated(")", 20)));
  // Joined by && there may be as many as the text has room for.
  const std::string many = k3g + repeated(" && true", 1000);
  CHECK(read(many) == k3g);
  CHECK(workload::parseCel(std::string(workload::kMaxCelLength, 'a')));
  CHECK(workload::parseCel(std::string(workload::kMaxCelLength + 1, 'a')).error().message == "longer than 10240 bytes");
  CHECK(readDeviceSelector("a" + std::string(5000, ' ') + "b").unread.front().size() < 300);
}

TEST_CASE("signs without end are nested too deep, and nothing is read behind the end of the text") {
  for (const char* sign : {"-", "!"}) {
    std::string text;
    for (int i = 0; i < 200; ++i) text += sign;
    CHECK(workload::parseCel(text).error().message.find("nested deeper than") != std::string::npos);
    CHECK(workload::readDeviceSelector(text).unread.size() == 1);
  }
}
