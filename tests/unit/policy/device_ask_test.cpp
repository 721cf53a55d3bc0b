#include "policy/device_ask.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace rightslice;
using policy::DeviceAsk;
using Kind = DeviceAsk::Kind;

namespace {

const std::string kA = "device.attributes['gpu.nvidia.com']", kM = "device.capacity['gpu.nvidia.com'].memory";

DeviceAsk ask(std::string_view className, std::initializer_list<std::string> selectors = {}, const workload::DeviceClass* known = nullptr) {
  std::vector<workload::DeviceSelector> read;
  for (const auto& each : selectors) read.push_back(workload::readDeviceSelector(each));
  return policy::deviceAsk(className, known, read);
}

std::string said(const DeviceAsk& ask) {
  switch (ask.kind) {
    case Kind::Other: return "other";
    case Kind::Whole: return "whole: " + shown(ask);
    case Kind::Slice: return "slice: " + shown(ask);
    case Kind::Undecided: break;
  }
  return "? " + ask.why;
}

workload::DeviceClass classOf(const std::string& selector) {
  workload::DeviceClass out;
  out.selectors.push_back(workload::readDeviceSelector(selector));
  return out;
}

}  // namespace

TEST_CASE("the classes of NVIDIA's driver are known by name") {
  CHECK(said(ask("gpu.nvidia.com")) == "whole: a GPU");
  CHECK(said(ask("mig.nvidia.com")) == "slice: any slice");
  CHECK(said(ask("mig.nvidia.com", {kA + ".profile == '3g.40gb'"})) == "slice: 3g.40gb");
  CHECK(said(ask("mig.nvidia.com", {kA + ".profile in ['1g.10gb', '1g.20gb']"})) == "slice: 1g.10gb or 1g.20gb");
  CHECK(said(ask("compute-domain-default-channel.nvidia.com")) == "other");
  CHECK(said(ask("vfio.gpu.nvidia.com")) == "? devices of type vfio are not judged");
  CHECK(said(ask("mine")) == "? device class mine is not known");
  CHECK(said(ask("")) == "? device class without a name is not known");
}

TEST_CASE("a class that is known says itself what it is, whatever its name") {
  const auto slices = classOf("device.driver == 'gpu.nvidia.com' && " + kA + ".profile == '1g.10gb'");
  CHECK(said(ask("gpu.nvidia.com", {}, &slices)) == "slice: 1g.10gb");
  const auto cards = classOf("device.driver == 'dra.net'");
  CHECK(said(ask("mig.nvidia.com", {}, &cards)) == "other");
  const auto any = classOf("device.driver == 'gpu.nvidia.com'");
  CHECK(said(ask("any", {}, &any)) == "? nothing in device class any or its selectors says whether that is a whole GPU or a slice");
  CHECK(said(ask("any", {kA + ".type == 'mig'"}, &any)) == "slice: any slice");
  CHECK(said(ask("any", {kA + ".type in ['gpu', 'mig']"}, &any)) == "? it may be of type gpu or mig");
}

TEST_CASE("conditions of class and request hold together") {
  const auto two = classOf(kA + ".profile in ['1g.10gb', '3g.40gb']");
  CHECK(said(ask("two", {kA + ".profile in ['3g.40gb', '7g.80gb']"}, &two)) == "slice: 3g.40gb");
  CHECK(said(ask("two", {kA + ".profile == '7g.80gb'"}, &two)) == "? its selectors contradict each other, so that no device meets them");
  CHECK(said(ask("gpu.nvidia.com", {kA + ".profile == '1g.10gb'"})) == "? it asks whole GPUs for a profile, which they do not have");
  CHECK(said(ask("mig.nvidia.com", {kA + ".type == 'gpu'"})) == "? its selectors contradict each other, so that no device meets them");
  CHECK(said(ask("mig.nvidia.com", {kM + ".isGreaterThan(quantity('10Gi'))", kM + ".compareTo(quantity('20Gi')) <= 0"})) == "slice: a slice of 10 GiB to 20 GiB");
  CHECK(said(ask("mig.nvidia.com", {kM + ".isGreaterThan(quantity('20Gi')) && " + kM + ".isLessThan(quantity('10Gi'))"})) ==
        "? its selectors contradict each other, so that no device meets them");
  CHECK(said(ask("gpu.nvidia.com", {kM + ".compareTo(quantity('40Gi')) >= 0"})) == "whole: a GPU of at least 40 GiB");
}

TEST_CASE("what is not read can only narrow: a profile that stands is judged, a size that may change is not") {
  const std::string other = kA + ".driverVersion.compareTo(semver('570.0.0')) >= 0";
  const auto stands = ask("mig.nvidia.com", {kA + ".profile == '3g.40gb' && " + other});
  CHECK(said(stands) == "slice: 3g.40gb");
  CHECK(stands.unread == std::vector<std::string>{other});
  CHECK(said(ask("mig.nvidia.com", {other})) == fmt::format("? '{}' cannot be decided from here", other));
  CHECK(said(ask("gpu.nvidia.com", {other})) == fmt::format("? '{}' cannot be decided from here", other));
  CHECK(said(ask("mig.nvidia.com", {kM + ".isGreaterThan(quantity('10Gi'))", other})) == fmt::format("? '{}' cannot be decided from here", other));
}

TEST_CASE("requests that get no device of their own, or nobody knows how many, are not decided") {
  workload::DeviceRequest request;
  request.deviceClass = "mig.nvidia.com";
  CHECK(said(policy::deviceAsk(request, {})) == "slice: any slice");
  request.all = true;
  CHECK(said(policy::deviceAsk(request, {})).starts_with("? allocationMode All"));
  request.all = false;
  request.adminAccess = true;
  CHECK(said(policy::deviceAsk(request, {})).starts_with("? it looks at devices as an administrator"));
  request.adminAccess = false;
  request.sharedCapacity = true;
  CHECK(said(policy::deviceAsk(request, {})).starts_with("? it asks for a part"));
  request.deviceClass = "compute-domain-daemon.nvidia.com";
  CHECK(said(policy::deviceAsk(request, {})) == "other");
}
