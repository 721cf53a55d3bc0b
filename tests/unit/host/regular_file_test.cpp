#include "host/regular_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using rightslice::host::readRegularFile;
namespace fs = std::filesystem;

TEST_CASE("a file is read whole up to the limit; a pipe, a folder and a device are errors at once") {
  std::string pattern = (fs::temp_directory_path() / "rightslice-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  const fs::path folder = pattern;
  std::ofstream(folder / "file") << "text";
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);

  CHECK(*readRegularFile((folder / "file").string(), 4) == "text");
  CHECK(readRegularFile((folder / "file").string(), 3).error().message == "larger than 3 bytes");
  const auto pipe = readRegularFile((folder / "pipe").string(), 100);
  REQUIRE_FALSE(pipe);
  CHECK(pipe.error().message.starts_with("a pipe, not a file"));
  CHECK(pipe.error().where == (folder / "pipe").string());
  CHECK(readRegularFile(folder.string(), 100).error().message == "a folder, not a file");
  CHECK(readRegularFile("/dev/zero", 100).error().message == "a device or a socket, not a file");
  CHECK(readRegularFile((folder / "none").string(), 100).error().message == "cannot open: No such file or directory");
  fs::remove_all(folder);
}
