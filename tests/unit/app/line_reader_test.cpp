#include "app/line_reader.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace rightslice;
using app::LineReader;

namespace {

class File {
 public:
  explicit File(const std::string& text) : path_(std::filesystem::temp_directory_path() / ("rightslice-lines-" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// "number:text" of every line, "number!" of one that is too long.
std::string linesOf(const std::string& text) {
  const File file(text);
  auto reader = LineReader::open(file.path());
  REQUIRE(reader);
  std::string out;
  for (;;) {
    const auto next = reader->next();
    REQUIRE(next);
    if (!*next) break;
    out += std::to_string((*next)->number) + ((*next)->tooLong ? "!" : ":" + std::string((*next)->text)) + ";";
  }
  CHECK(reader->bytesRead() == text.size());
  return out;
}

}  // namespace

TEST_CASE("lines, with and without an end") {
  CHECK(linesOf("") == "");
  CHECK(linesOf("\n") == "1:;");
  CHECK(linesOf("a\nb") == "1:a;2:b;");
  CHECK(linesOf("a\r\n\nb\n") == "1:a;2:;3:b;");
}

TEST_CASE("a line that spans many reads is whole, and those around it too") {
  const std::string longOne(300'000, 'x');
  CHECK(linesOf("a\n" + longOne + "\nb\n") == "1:a;2:" + longOne + ";3:b;");
}

TEST_CASE("a line without measure is passed over in bounded memory") {
  const std::string endless(LineReader::kLongest + 100'000, 'x');
  CHECK(linesOf("a\n" + endless + "\nb\n") == "1:a;2!;3:b;");
  CHECK(linesOf(endless) == "1!;");
}

TEST_CASE("what cannot be opened is an error") {
  CHECK(LineReader::open("/nowhere/audit.log").error().where == "/nowhere/audit.log");
  CHECK(LineReader::open("/tmp").error().message == "is a folder");
}
