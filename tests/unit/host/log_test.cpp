#include "host/log.hpp"

#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <string>
#include <thread>

#include "host/patient_sink.hpp"

using namespace rightslice::host;

TEST_CASE("a line is one JSON object with time, level, message and fields") {
  std::ostringstream out;
  Log log(Level::Info, out);
  log.write(Level::Warn, "it \"broke\"", {{"uid", std::string_view("u\n1")}, {"count", std::int64_t{3}}, {"seconds", 0.25}, {"allowed", true}});
  const std::string line = out.str();
  CHECK(line.find(R"(Z","level":"warn","msg":"it \"broke\"","uid":"u\u000a1","count":3,"seconds":0.25,"allowed":true})") != std::string::npos);
  CHECK(line.starts_with(R"({"ts":"20)"));
  CHECK(line.ends_with("}\n"));
}

TEST_CASE("braces and percent signs in a message are only text") {
  std::ostringstream out;
  Log log(Level::Debug, out);
  log.write(Level::Debug, "{} {0} %v %s");
  CHECK(out.str().find(R"("msg":"{} {0} %v %s")") != std::string::npos);
}

TEST_CASE("what lies below the level is not written") {
  std::ostringstream out;
  Log log(Level::Warn, out);
  log.write(Level::Info, "quiet");
  log.write(Level::Debug, "quieter");
  CHECK(out.str().empty());
  CHECK_FALSE(log.writes(Level::Info));
  CHECK(log.writes(Level::Error));
}

TEST_CASE("levels are read by their names only") {
  CHECK(parseLevel("debug") == Level::Debug);
  CHECK(parseLevel("error") == Level::Error);
  CHECK_FALSE(parseLevel("warning"));
  CHECK_FALSE(parseLevel(""));
}

TEST_CASE("any bytes become a valid JSON string") {
  struct Case { std::string_view text, json; };
  const Case cases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {std::string_view("\0\x1f\x7f", 3), R"("\u0000\u001f\u007f")"},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
      {"\xFF", "\"\xEF\xBF\xBD\""},
      {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (const Case& each : cases) CHECK(jsonString(each.text) == each.json);
}

TEST_CASE("a pipe that nobody reads costs lines, not time, and how many is said once it is read again") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  spdlog::logger logger("x", std::make_shared<PatientSink>(ends[1]));
  logger.set_pattern("%v");
  const std::string line(1000, 'x');
  for (int i = 0; i < 2000; ++i) logger.info(line);  // would block for ever
  std::string got(1U << 16, '\0');
  ssize_t count = ::read(ends[0], got.data(), got.size());
  REQUIRE(count > 0);
  logger.info("again");
  count = ::read(ends[0], got.data(), got.size());
  REQUIRE(count > 0);
  got.resize(static_cast<std::size_t>(count));
  CHECK(got.find("log lines were dropped") != std::string::npos);
  CHECK(got.find("\"count\":19") != std::string::npos);  // 19xx of 2000, as a pipe holds 64 KiB
  CHECK(got.ends_with("again\n"));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("of lines that come faster than they are written none is lost without being counted") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  constexpr int kLines = 5000;
  std::uint64_t taken = 0;
  std::string got;
  std::thread reader;
  {
    Log log(Level::Info, ends[1]);
    const std::string text(500, 'x');
    for (int i = 0; i < kLines; ++i) log.write(Level::Info, text);   // the queue holds some hundred, the pipe a hundred more
    reader = std::thread([&] {
      std::array<char, 1U << 16> piece{};
      for (ssize_t count = 1; count > 0;) {
        count = ::read(ends[0], piece.data(), piece.size());
        if (count > 0) got.append(piece.data(), static_cast<std::size_t>(count));
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    log.write(Level::Info, "again");
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    taken = log.takeDropped();
    CHECK(log.takeDropped() == 0);
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  std::uint64_t written = 0, said = 0;
  std::istringstream lines(got);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("xxx\"}") != std::string::npos) ++written;
    const std::size_t at = line.find("\"count\":");
    if (at != std::string::npos) said += std::strtoull(line.c_str() + at + 8, nullptr, 10);
  }
  CHECK(got.ends_with("\"again\"}\n"));
  CHECK(said > 1000);
  CHECK(written + said == kLines);
  CHECK(taken == said);
}
