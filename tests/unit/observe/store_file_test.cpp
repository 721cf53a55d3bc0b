// What can be wrong with the file of a history, and what is said of where one is.
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "any_record.hpp"
#include "observe/history/address.hpp"
#include "observe/history/sqlite_store.hpp"
#include "observe/history/store.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::history;

namespace {

constexpr std::int64_t kStart = 20'000 * 86'400;

struct File {
  File() : folder(std::filesystem::temp_directory_path() / fmt::format("rightslice_file_{}", getpid())), path((folder / "h.db").string()) {
    std::filesystem::create_directory(folder);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
  std::string path;
};

/// With as many workloads as fill some pages.
Record look(std::int64_t takenAt, int workloads = 3) {
  Record out;
  out.cluster = "c";
  out.source = "test";
  out.takenAt = takenAt;
  for (const char* resource : {"pods", "deployments.apps", "nodes"}) out.coverage.add({resource, "", Seen::State::Read, "", 1});
  for (int i = 0; i < workloads; ++i)
    out.subjects.push_back({Sort::Workload, fmt::format("a/Deployment/x{:04}", i), {{"at", fmt::format("{}", takenAt)}, {"long", std::string(200, 'x')}}, {}, {}});
  return out;
}

std::string failure(const std::string& url, Opening opening = Opening::Create) {
  const auto store = openStore(url, opening);
  return store ? "" : store.error().message;
}

}  // namespace

TEST_CASE("a history is its owner's alone") {
  const File file;
  REQUIRE(openStore(file.path, Opening::Create));
  struct stat is {};
  REQUIRE(::stat(file.path.c_str(), &is) == 0);
  CHECK((is.st_mode & 0777) == 0600);
}

TEST_CASE("a file that is no history is refused and left as it is") {
  const File file;
  std::ofstream(file.path) << std::string(5000, 'x');
  CHECK(failure(file.path) == "this is no history: the file is no SQLite database (file is not a database)");
  CHECK(std::filesystem::file_size(file.path) == 5000);
  std::filesystem::remove(file.path);
  {
    auto other = openSqlite(file.path, Opening::Create);
    REQUIRE(other);
    REQUIRE((*other)->run("CREATE TABLE customers (id INTEGER)"));
  }
  CHECK(failure(file.path) == "the database holds something else, and no history");
}

TEST_CASE("a damaged history is named as such, and nothing is written over it") {
  const File file;
  {
    auto store = openStore(file.path, Opening::Create);
    REQUIRE(store);
    REQUIRE((*store)->append(look(kStart, 400)));
  }
  const auto size = std::filesystem::file_size(file.path);
  std::fstream raw(file.path, std::ios::in | std::ios::out | std::ios::binary);
  for (std::size_t at = 4096; at + 4096 < size; at += 4096) {
    raw.seekp(static_cast<std::streamoff>(at));
    raw << std::string(512, '\xff');
  }
  raw.close();
  auto store = openStore(file.path, Opening::Create);
  std::string message = store ? "" : store.error().message;
  if (store) {
    const auto done = (*store)->append(look(kStart + 60, 400));
    REQUIRE(!done);
    message = done.error().message;
  }
  CHECK_MESSAGE(message.starts_with("the history is damaged: restore it from a backup, or move it away to begin a new one"), message);
}

TEST_CASE("where nothing can be written it is said, and what was there can be read") {
  const File file;
  CHECK(failure((file.folder / "none" / "h.db").string()) == "the history cannot be made: No such file or directory");
  CHECK(failure(file.folder.string()) != "");
  if (::geteuid() == 0) return;   // to root every file can be written
  REQUIRE(openStore(file.path, Opening::Create));
  std::filesystem::permissions(file.path, std::filesystem::perms::owner_read);
  auto store = openStore(file.path, Opening::Create);
  REQUIRE(store);
  const auto done = (*store)->append(look(kStart));
  REQUIRE(!done);
  CHECK(done.error().message.starts_with("the history may not be written"));
  std::filesystem::permissions(file.path, std::filesystem::perms::owner_all);
  CHECK((*store)->append(look(kStart)));
}

TEST_CASE("a full disk loses nothing that was there, leaves nothing half, and goes on when there is room") {
  const File file;
  auto store = openStore(file.path, Opening::Create);
  REQUIRE(store);
  REQUIRE((*store)->append(look(kStart)));
  // The kernel refuses to let a file grow as it does on a full disk, with another errno: SQLite takes both for a write that did not come through.
  ::rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::rlimit little{std::filesystem::file_size(file.path) + 8192, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
  const auto failed = (*store)->append(look(kStart + 60, 2000));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  REQUIRE(!failed);
  CHECK_MESSAGE((failed.error().message.starts_with("there is no space left for the history") || failed.error().message.starts_with("the disk with the history fails")),
                failed.error().message);
  CHECK((*store)->state("c")->subjects.size() == 3);
  const auto again = (*store)->append(look(kStart + 60, 2000));
  REQUIRE(again);
  CHECK(again->what == Appended::What::Written);
  CHECK((*store)->state("c")->subjects.size() == 2000);
}

TEST_CASE("an unfinished write of a process that was killed is undone, also by who only reads") {
  const File file;
  {
    auto store = openStore(file.path, Opening::Create);
    REQUIRE(store);
    REQUIRE((*store)->append(look(kStart, 300)));
  }
  // A copy of file and journal in the middle of a transaction that has begun to write into the file is what a kill leaves.
  {
    auto writer = openSqlite(file.path, Opening::Write);
    REQUIRE(writer);
    REQUIRE((*writer)->run("PRAGMA cache_size=4"));   // so little that pages go to the file before the end
    REQUIRE((*writer)->begin(Connection::Begin::Write));
    REQUIRE((*writer)->run("UPDATE rightslice_state SET fields = $1", {std::string(700, '1')}));
    REQUIRE(std::filesystem::exists(file.path + "-journal"));
    std::filesystem::copy(file.path, file.path + ".copy");
    std::filesystem::copy(file.path + "-journal", file.path + ".copy-journal");
  }
  auto reader = openStore(file.path + ".copy", Opening::Read);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  const auto state = (*reader)->state("c");
  REQUIRE_MESSAGE(state.has_value(), state.error().message);
  CHECK(state->subjects.size() == 300);
  CHECK(state->subjects[0].fields.at("at") == fmt::format("{}", kStart));
}

TEST_CASE("of where a history is only what is surely no secret is shown") {
  const auto shown = [](const std::string& url) {
    const auto address = addressOf(url);
    return address ? address->shown : "error: " + address.error().message;
  };
  CHECK(shown("history.db") == "history.db");
  CHECK(shown("sqlite:///var/lib/h.db") == "/var/lib/h.db");
  CHECK(shown("sqlite:h.db") == "h.db");
  CHECK(shown("postgresql://h/db") == "postgresql://h/db");
  CHECK(shown("postgres://u:geheim@h:5432/db?sslmode=require&password=geheim") == "postgres://h:5432/db");
  CHECK(shown("postgresql://u:geheim@[::1]:5432/db") == "postgresql://[::1]:5432/db");
  CHECK(shown("postgresql://u@%2Frun%2Fpg/db") == "postgresql://%2Frun%2Fpg/db");
  CHECK(shown("postgresql:///db?host=/run/pg") == "postgresql:///db");
  for (const char* broken : {"postgresql://u:ge@heim@h/db", "postgresql://u:ge/heim@h/db", "postgresql://u:ge?heim@h/db", "postgresql://u:ge#heim@h/db", "postgresql://u:geheim",
                             "postgresql://u:geheim/db", "postgresql://h/db?password=ge@heim", "postgresql://u:geheim@h:heim/db"}) {
    CAPTURE(broken);
    const std::string text = shown(broken);
    CHECK(text.starts_with("error: the URL is not clear: write ':'"));
  }
  CHECK(shown("postgresql://u:geheim@a:1,b:2/db") == "postgresql://a:1,b:2/db");
  CHECK(shown("mysql://u:geheim@h/db") == "error: 'mysql' is no sort of store: a history is a file, sqlite:///path, or postgresql://...");
  CHECK(shown("") == "error: no history is named: give a file, or a URL such as postgresql://user@host/name");
  CHECK(shown(":memory:").starts_with("error: "));
}

TEST_CASE("a password is in no message, however the URL is wrong") {
  for (const char* url : {"postgresql://u:geheim@127.0.0.1:1/db", "postgresql://u:geheim@127.0.0.1:heim/db", "postgresql://u:ge/heim@127.0.0.1/db",
                          "postgresql://u:ge%zzheim@127.0.0.1/db", "postgresql://127.0.0.1:1/db?password=geheim&nonsense=heim", "postgresql://u:ge@heim@127.0.0.1:1/db"}) {
    CAPTURE(url);
    const auto store = openStore(url, Opening::Create);
    REQUIRE(!store);
    CAPTURE(store.error().message);
    CHECK(store.error().message.find("heim") == std::string::npos);
    CHECK(store.error().where.find("heim") == std::string::npos);
    CHECK(!store.error().message.empty());
  }
}
