#include "observe/history/sqlite_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <list>

#include "observe/history/library_store.hpp"

namespace rightslice::observe::history {
namespace {

// Another process holds the file for one look, which is far shorter.
constexpr int kBusyMilliseconds = 15'000;
constexpr std::size_t kStatements = 32;

/// The functions of SQLite that are used, as its header declares them.
struct Api {
  decltype(&::sqlite3_open_v2) open;
  decltype(&::sqlite3_close_v2) close;
  decltype(&::sqlite3_extended_result_codes) extendedCodes;
  decltype(&::sqlite3_busy_timeout) busyTimeout;
  decltype(&::sqlite3_prepare_v3) prepare;
  decltype(&::sqlite3_finalize) finalize;
  decltype(&::sqlite3_reset) reset;
  decltype(&::sqlite3_step) step;
  decltype(&::sqlite3_bind_null) bindNull;
  decltype(&::sqlite3_bind_int64) bindInteger;
  decltype(&::sqlite3_bind_text64) bindText;
  decltype(&::sqlite3_bind_parameter_index) parameterIndex;
  decltype(&::sqlite3_column_count) columnCount;
  decltype(&::sqlite3_column_type) columnType;
  decltype(&::sqlite3_column_text) columnText;
  decltype(&::sqlite3_column_bytes) columnBytes;
  decltype(&::sqlite3_errmsg) message;
  decltype(&::sqlite3_extended_errcode) code;
};

Result<const Api*> api() {
  static const Result<Api> loaded = []() -> Result<Api> {
    const auto library = Library::open("libsqlite3.so.0", "libsqlite3-0");
    if (!library) return tl::unexpected(library.error());
    Api out{};
#define FIND(member, name) \
  if (!library->find(out.member, name)) return tl::unexpected(library->lacks(name))
    FIND(open, "sqlite3_open_v2");
    FIND(close, "sqlite3_close_v2");
    FIND(extendedCodes, "sqlite3_extended_result_codes");
    FIND(busyTimeout, "sqlite3_busy_timeout");
    FIND(prepare, "sqlite3_prepare_v3");
    FIND(finalize, "sqlite3_finalize");
    FIND(reset, "sqlite3_reset");
    FIND(step, "sqlite3_step");
    FIND(bindNull, "sqlite3_bind_null");
    FIND(bindInteger, "sqlite3_bind_int64");
    FIND(bindText, "sqlite3_bind_text64");
    FIND(parameterIndex, "sqlite3_bind_parameter_index");
    FIND(columnCount, "sqlite3_column_count");
    FIND(columnType, "sqlite3_column_type");
    FIND(columnText, "sqlite3_column_text");
    FIND(columnBytes, "sqlite3_column_bytes");
    FIND(message, "sqlite3_errmsg");
    FIND(code, "sqlite3_extended_errcode");
#undef FIND
    return out;
  }();
  if (!loaded) return tl::unexpected(loaded.error());
  return &*loaded;
}

/// What a person can do about it; SQLite's own words come behind.
const char* meaningOf(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "there is no space left for the history";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another process holds the history for too long";
    case SQLITE_READONLY: return "the history may not be written";
    case SQLITE_CANTOPEN: return "the history cannot be opened";
    case SQLITE_CORRUPT: return "the history is damaged: restore it from a backup, or move it away to begin a new one";
    case SQLITE_NOTADB: return "this is no history: the file is no SQLite database";
    case SQLITE_IOERR: return "the disk with the history fails";
    case SQLITE_PERM:
    case SQLITE_AUTH: return "the history may not be used";
    default: return "the history cannot be used";
  }
}

class Sqlite : public Connection {
 public:
  Sqlite(const Api& api, ::sqlite3* handle) : api_(api), handle_(handle) {}
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;
  ~Sqlite() override {
    for (auto& each : statements_) api_.finalize(each.statement);
    api_.close(handle_);
  }

  Result<std::vector<Row>> run(const std::string& sql, const std::vector<Value>& values) override {
    auto* statement = prepared(sql);
    if (statement == nullptr) return trouble();
    const Reset reset{*this, statement};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int at = api_.parameterIndex(statement, ("$" + std::to_string(i + 1)).c_str());
      if (bind(statement, at, values[i]) != SQLITE_OK) return trouble();
    }
    std::vector<Row> rows;
    for (;;) {
      const int code = api_.step(statement);
      if (code == SQLITE_DONE) return rows;
      if (code != SQLITE_ROW) return trouble();
      Row& row = rows.emplace_back(static_cast<std::size_t>(api_.columnCount(statement)));
      for (int i = 0; i < static_cast<int>(row.size()); ++i) {
        if (api_.columnType(statement, i) == SQLITE_NULL) continue;
        const unsigned char* text = api_.columnText(statement, i);
        if (text == nullptr) return trouble();   // no memory
        row[static_cast<std::size_t>(i)].emplace(reinterpret_cast<const char*>(text), static_cast<std::size_t>(api_.columnBytes(statement, i)));
      }
    }
  }

  // IMMEDIATE: one that began to read and then wants to write could be refused in the middle.
  Result<std::vector<Row>> begin(Begin how) override { return run(how == Begin::Write ? "BEGIN IMMEDIATE" : "BEGIN", {}); }

  Result<bool> hasTable(const std::string& table) override {
    auto rows = run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", {table});
    if (!rows) return tl::unexpected(rows.error());
    return !rows->empty();
  }
  Result<bool> isFree() override {
    auto rows = run("SELECT 1 FROM sqlite_master LIMIT 1", {});
    if (!rows) return tl::unexpected(rows.error());
    return rows->empty();
  }
  void tidy() override { (void)run("PRAGMA incremental_vacuum(2000)", {}); }
  bool isLost() const override { return lost_; }

 private:
  struct Prepared {
    std::string sql;
    ::sqlite3_stmt* statement;
  };
  struct Reset {
    Sqlite& of;
    ::sqlite3_stmt* statement;
    ~Reset() { of.api_.reset(statement); }   // its error is that of the step
  };

  /// The last used are kept: most of a look is a few statements over and over.
  ::sqlite3_stmt* prepared(const std::string& sql) {
    for (auto at = statements_.begin(); at != statements_.end(); ++at)
      if (at->sql == sql) {
        statements_.splice(statements_.begin(), statements_, at);
        return at->statement;
      }
    ::sqlite3_stmt* statement = nullptr;
    if (api_.prepare(handle_, sql.data(), static_cast<int>(sql.size()), 0, &statement, nullptr) != SQLITE_OK) return nullptr;
    statements_.push_front({sql, statement});
    if (statements_.size() > kStatements) {
      api_.finalize(statements_.back().statement);
      statements_.pop_back();
    }
    return statement;
  }

  int bind(::sqlite3_stmt* statement, int at, const Value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) return api_.bindInteger(statement, at, *number);
    // SQLITE_STATIC: the text lives longer than the statement runs.
    if (const auto* text = std::get_if<std::string>(&value)) return api_.bindText(statement, at, text->data(), text->size(), nullptr, SQLITE_UTF8);
    return api_.bindNull(statement, at);
  }

  tl::unexpected<Error> trouble() {
    const int code = api_.code(handle_);
    // After these the file may be another, or whole again: it is opened anew.
    const int sort = code & 0xff;
    lost_ = lost_ || sort == SQLITE_CORRUPT || sort == SQLITE_NOTADB || sort == SQLITE_IOERR || sort == SQLITE_CANTOPEN || sort == SQLITE_READONLY;
    return fail(std::string(meaningOf(code)) + " (" + api_.message(handle_) + ")");
  }

  const Api& api_;
  ::sqlite3* handle_;
  std::list<Prepared> statements_;   // the last used first
  bool lost_ = false;
};

/// It names workloads, models and what they cost, so it is made for its owner alone. Its journal has the rights of the file.
Result<bool> makeFile(const std::string& file) {
  const int handle = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (handle >= 0) {
    ::close(handle);
    return true;
  }
  return fail(std::string("the history cannot be made: ") + std::strerror(errno));
}

}  // namespace

Result<std::unique_ptr<Connection>> openSqlite(const std::string& file, Opening opening) {
  const auto library = api();
  if (!library) return tl::unexpected(library.error());
  const Api& sqlite = **library;
  if (opening == Opening::Create) {
    auto made = makeFile(file);
    // A file that may only be read is told by what is done with it.
    if (!made && ::access(file.c_str(), F_OK) != 0) return tl::unexpected(made.error());
  }
  if (::access(file.c_str(), F_OK) != 0) return fail(std::string("there is no history: ") + std::strerror(errno));
  // Also who only reads must undo what a process left behind that was killed in the middle of a write.
  const bool writable = ::access(file.c_str(), W_OK) == 0;
  ::sqlite3* handle = nullptr;
  const int flags = (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite.open(file.c_str(), &handle, flags, nullptr);
  if (code != SQLITE_OK) {
    std::string why = handle != nullptr ? sqlite.message(handle) : "no memory";
    sqlite.close(handle);
    return fail(std::string(meaningOf(code)) + " (" + why + ")");
  }
  auto out = std::make_unique<Sqlite>(sqlite, handle);
  sqlite.extendedCodes(handle, 1);
  sqlite.busyTimeout(handle, kBusyMilliseconds);
  // EXTRA: also the end of a transaction, which is that its journal is gone, is on the disk when it is acknowledged
  // (https://www.sqlite.org/pragma.html#pragma_synchronous). A journal and no WAL: that needs memory shared by all who have the file open,
  // which network file systems have not (https://www.sqlite.org/wal.html).
  // Temporary tables stay in memory: there may be no folder that can be written. auto_vacuum counts only before there are tables.
  for (const char* each : {"PRAGMA temp_store=MEMORY", "PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "PRAGMA synchronous=EXTRA"})
    if (auto done = out->run(each, {}); !done) return tl::unexpected(done.error());
  if (opening == Opening::Read) {
    if (auto done = out->run("PRAGMA query_only=ON", {}); !done) return tl::unexpected(done.error());
  } else if (writable) {
    if (auto done = out->run("PRAGMA auto_vacuum=INCREMENTAL", {}); !done) return tl::unexpected(done.error());
  }
  return out;
}

}  // namespace rightslice::observe::history
