// Text of /metrics endpoints and answers of Prometheus: what is read, and what is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "observe/metrics/exposition.hpp"
#include "observe/metrics/prometheus_answer.hpp"

using namespace rightslice;
using namespace rightslice::observe::metrics;

namespace {

std::vector<Sample> read(std::string_view text) {
  std::vector<Sample> out;
  const auto count = readExposition(text, [&](Sample&& each) { out.push_back(std::move(each)); });
  REQUIRE_MESSAGE(count.has_value(), count.error().message);
  CHECK(*count == out.size());
  return out;
}

std::string refused(std::string_view text, const ExpositionLimits& limits = {}) {
  const auto count = readExposition(text, [](Sample&&) {}, limits);
  REQUIRE_FALSE(count.has_value());
  return count.error().where + ": " + count.error().message;
}

std::vector<Series> series(std::string_view body) {
  std::vector<Series> out;
  const auto answer = readAnswer(body, "m", [](std::string_view label) { return label != "dropped"; }, [&](Series&& each) { out.push_back(std::move(each)); });
  REQUIRE_MESSAGE(answer.has_value(), answer.error().message);
  return out;
}

std::string wrong(std::string_view body) {
  const auto answer = readAnswer(body, "m", [](std::string_view) { return true; }, [](Series&&) {});
  REQUIRE_FALSE(answer.has_value());
  return answer.error().message;
}

}  // namespace

TEST_CASE("the text format of Prometheus") {
  const auto all = read("# HELP vllm:kv_cache_usage_perc KV-cache usage. 1 means 100 percent usage.\n# TYPE vllm:kv_cache_usage_perc gauge\n"
                        "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"a\\\\b\\\"c\\nd\"} 0.452 1700000000123\n"
                        "  up 1\r\nx{} NaN\ny +Inf\nz{a=\"1\",} -1e-3 -5\n");
  REQUIRE(all.size() == 5);
  CHECK(all[0].name == "vllm:kv_cache_usage_perc");
  CHECK(all[0].labels == Labels{{"engine", "0"}, {"model_name", "a\\b\"c\nd"}});
  CHECK(all[0].value == 0.452);
  CHECK(all[0].at == 1700000000123);
  CHECK_FALSE(all[1].at.has_value());
  CHECK(std::isnan(all[2].value));
  CHECK(std::isinf(all[3].value));
  CHECK(all[4].value == -0.001);
  CHECK(all[4].at == -5);
  CHECK(read("{\"a.b\",\"c d\"=\"e\"} 1").front().name == "a.b");   // names in quotes, Prometheus 3
  CHECK(read("").empty());
}

TEST_CASE("OpenMetrics: times are seconds, exemplars are passed over, nothing stands behind the end") {
  const auto all = read("# TYPE a counter\na_total{x=\"1\"} 5 1700000000.5 # {trace_id=\"7\"} 0.5 1699999999\n# EOF\n");
  REQUIRE(all.size() == 1);
  CHECK(all[0].at == 1700000000500);
  CHECK(refused("a 1 # {trace_id=\"7\"} 0.5\n").find("behind the sample") != std::string::npos);   // no OpenMetrics without its end
  CHECK(refused("a 1 # {t} 1\n# EOF\n").find("exemplar") != std::string::npos);
  CHECK(refused("# EOF\na 1\n# EOF\n").find("behind # EOF") != std::string::npos);
}

TEST_CASE("what is not right is refused whole, with its line") {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"ok 1\na", "2: no number"},
           {"a one", "1: no number"},
           {"a 0x10", "1: no number"},
           {"a 1_0", "1: no number"},
           {"a --1", "1: no number"},
           {"a 1 2 3", "1: something stands behind"},
           {"a 1 1.5", "1: the time is no number"},
           {"a 1 99999999999999999999", "1: the time is no number"},
           {"a{b} 1", "1: label b has no value"},
           {"a{b=1} 1", "1: the value of label b is not in quotes"},
           {"a{b=\"1} 1", "1: the value of label b is not ended well"},
           {"a{b=\"\\q\"} 1", "1: the value of label b is not ended well"},
           {"a{b=\"1\" c=\"2\"} 1", "1: a comma or } is missing"},
           {"a{b=\"1\",b=\"2\"} 1", "1: label b stands twice"},
           {"a{b=\"1\"", "1: a comma or } is missing"},
           {"a{,} 1", "1: no label"},
           {"a{:b=\"1\"} 1", "1: no label"},
           {"1a 1", "1: a line begins with the name"},
           {"a{\"b\"} 1", "1: two names"},
           {"a 1\na 1", "2: a stands twice"},
           {"a{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 2", "2: a stands twice"},
           {"a{b=\"\"} 1\na 2", "2: a stands twice"},
           {"a\x80 1", "1: is not UTF-8"},
           {std::string("a{b=\"\0\"} 1", 11), "1: a byte 0"}}) {
    CAPTURE(text);
    CHECK(refused(text).starts_with(why));
  }
  CHECK(read("a 1 1\na 2 2").size() == 2);
}

TEST_CASE("nothing is read without end") {
  ExpositionLimits few;
  few.samples = 2;
  CHECK(refused("a 1\nb 1\nc 1", few) == "3: more than 2 samples");
  few.bytes = 3;
  CHECK(refused("a 1\n", few) == ": more than 3 bytes");
  few = {};
  few.line = 5;
  CHECK(refused("a 1\nabcd 1", few).starts_with("2: a line of more"));
  few = {};
  few.labels = 1;
  CHECK(refused("a{b=\"1\",c=\"2\"} 1", few) == "1: too many labels");
  few.name = 2;
  CHECK(refused("abc 1", few) == "1: the name is too long");
}

TEST_CASE("answers of Prometheus: vectors, matrices, numbers as texts") {
  const auto matrix = series(R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"p","dropped":"x"},"values":[[1700000000,"0.5"],[1700000060.25,"NaN"]]}]}})");
  REQUIRE(matrix.size() == 1);
  CHECK(matrix[0].name == "m");
  CHECK(matrix[0].labels == Labels{{"pod", "p"}});
  CHECK(matrix[0].points.front() == Point{1700000000000, 0.5});
  CHECK(matrix[0].points.back().at == 1700000060250);
  CHECK(std::isnan(matrix[0].points.back().value));
  CHECK(std::isinf(series(R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"-Inf"]}]}})")[0].points[0].value));
  const auto warned = readAnswer(R"({"status":"success","warnings":["a store is away"],"data":{"resultType":"vector","result":[]}})", "m", [](auto) { return true; }, [](Series&&) {});
  REQUIRE(warned.has_value());
  CHECK(warned->warnings == std::vector<std::string>{"a store is away"});
}

TEST_CASE("answers that are none are errors, in the server's words where it has some") {
  CHECK(wrong(R"({"status":"error","errorType":"bad_data","error":"parse error\u001b[2J"})") == "bad_data: parse error?[2J");
  CHECK(wrong("<html>").starts_with("the answer is no JSON"));
  CHECK(wrong("{}").find("none of Prometheus") != std::string::npos);
  CHECK(wrong(R"({"status":"success","data":{"resultType":"scalar","result":[1,"1"]}})").find("none of Prometheus") != std::string::npos);
  for (const std::string_view value : {"[1]", "[1,2]", R"(["1","2"])", R"([1,"x"])", R"([1,"1 "])", R"([1e300,"1"])", "{}", "null"})
    CHECK(wrong(std::string(R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":)") + std::string(value) + "}]}}").find("pair of time") != std::string::npos);
  CHECK(wrong(R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[2,"1"],[1,"1"]]}]}})").find("out of order") != std::string::npos);
  CHECK(wrong(R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}})") == "label a is no text");
}
