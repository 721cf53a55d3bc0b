#include "observe/history/postgres_store.hpp"

#include <libpq-fe.h>

#include <algorithm>

#include "observe/history/library_store.hpp"

namespace rightslice::observe::history {
namespace {

/// The functions of libpq that are used, as its header declares them.
struct Api {
  decltype(&::PQconnectdbParams) connect;
  decltype(&::PQfinish) finish;
  decltype(&::PQstatus) status;
  decltype(&::PQerrorMessage) message;
  decltype(&::PQsetNoticeProcessor) setNotices;
  decltype(&::PQconninfoParse) parse;
  decltype(&::PQconninfoFree) parseFree;
  decltype(&::PQfreemem) freeText;
  decltype(&::PQexecParams) execute;
  decltype(&::PQresultStatus) resultStatus;
  decltype(&::PQresultErrorField) field;
  decltype(&::PQclear) clear;
  decltype(&::PQntuples) rows;
  decltype(&::PQnfields) columns;
  decltype(&::PQgetisnull) isNull;
  decltype(&::PQgetvalue) value;
  decltype(&::PQgetlength) length;
};

Result<const Api*> api() {
  static const Result<Api> loaded = []() -> Result<Api> {
    const auto library = Library::open("libpq.so.5", "libpq5");
    if (!library) return tl::unexpected(library.error());
    Api out{};
#define FIND(member, name) \
  if (!library->find(out.member, name)) return tl::unexpected(library->lacks(name))
    FIND(connect, "PQconnectdbParams");
    FIND(finish, "PQfinish");
    FIND(status, "PQstatus");
    FIND(message, "PQerrorMessage");
    FIND(setNotices, "PQsetNoticeProcessor");
    FIND(parse, "PQconninfoParse");
    FIND(parseFree, "PQconninfoFree");
    FIND(freeText, "PQfreemem");
    FIND(execute, "PQexecParams");
    FIND(resultStatus, "PQresultStatus");
    FIND(field, "PQresultErrorField");
    FIND(clear, "PQclear");
    FIND(rows, "PQntuples");
    FIND(columns, "PQnfields");
    FIND(isNull, "PQgetisnull");
    FIND(value, "PQgetvalue");
    FIND(length, "PQgetlength");
#undef FIND
    return out;
  }();
  if (!loaded) return tl::unexpected(loaded.error());
  return &*loaded;
}

// What programs that write a history wait for each other by: "rightslice", as far as it goes into 63 bits.
constexpr const char* kLock = "8244230668043282275";

/// Messages of libpq have several lines and end with a line end.
std::string oneLine(const char* text) {
  std::string out(text != nullptr ? text : "");
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  for (std::size_t at = 0; (at = out.find('\n', at)) != std::string::npos;) out.replace(at, 1, ", ");
  std::replace(out.begin(), out.end(), '\t', ' ');
  return out;
}

/// What a person can do about it, by the class of the SQLSTATE (PostgreSQL documentation, appendix A); the server's words come behind.
const char* meaningOf(const std::string& state) {
  const auto is = [&](std::string_view prefix) { return state.starts_with(prefix); };
  if (is("53100")) return "there is no space left for the history";
  if (is("53")) return "the server of the history is short of something";
  if (is("25006")) return "the history may not be written";
  if (is("42501") || is("28")) return "the history may not be used";
  if (is("3D000")) return "there is no such database";
  if (is("55P03") || is("57014") || is("40")) return "others hold the history for too long";
  if (is("XX") || is("58")) return "the database of the history is damaged, or its disk fails";
  return "the history cannot be used";
}

class Postgres : public Connection {
 public:
  Postgres(const Api& api, ::PGconn* handle) : api_(api), handle_(handle) {}
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;
  ~Postgres() override { api_.finish(handle_); }

  Result<std::vector<Row>> run(const std::string& sql, const std::vector<Value>& values) override {
    std::vector<std::string> texts;
    texts.reserve(values.size());
    std::vector<const char*> pointers;
    for (const Value& each : values) {
      if (const auto* number = std::get_if<std::int64_t>(&each)) pointers.push_back(texts.emplace_back(std::to_string(*number)).c_str());
      else if (const auto* text = std::get_if<std::string>(&each)) pointers.push_back(text->c_str());
      else pointers.push_back(nullptr);
    }
    ::PGresult* result = api_.execute(handle_, sql.c_str(), static_cast<int>(pointers.size()), nullptr, pointers.data(), nullptr, nullptr, 0);
    const std::unique_ptr<::PGresult, decltype(api_.clear)> owner(result, api_.clear);
    const auto status = api_.resultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return trouble(result);
    std::vector<Row> rows;
    for (int i = 0; i < api_.rows(result); ++i) {
      Row& row = rows.emplace_back(static_cast<std::size_t>(api_.columns(result)));
      for (int j = 0; j < api_.columns(result); ++j)
        if (api_.isNull(result, i, j) == 0) row[static_cast<std::size_t>(j)].emplace(api_.value(result, i, j), static_cast<std::size_t>(api_.length(result, i, j)));
    }
    return rows;
  }

  Result<std::vector<Row>> begin(Begin how) override {
    if (how == Begin::Read) return run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {});
    auto begun = run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", {});
    if (!begun) return begun;
    auto locked = run(std::string("SELECT pg_advisory_xact_lock(") + kLock + ")", {});
    if (!locked) (void)run("ROLLBACK", {});
    return locked;
  }

  Result<bool> hasTable(const std::string& table) override {
    // Not to_regclass(): it may answer from what this connection looked up before, although it waited for the lock meanwhile.
    auto rows = run("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false)) AND tablename = $1", {table});
    if (!rows) return tl::unexpected(rows.error());
    return !rows->empty();
  }
  Result<bool> isFree() override { return true; }   // tables of others are beside those of a history
  bool isLost() const override { return api_.status(handle_) != CONNECTION_OK; }

  tl::unexpected<Error> trouble(const ::PGresult* result) const {
    if (isLost()) return fail("the connection to the server of the history is lost (" + oneLine(api_.message(handle_)) + ")");
    const char* state = api_.field(result, PG_DIAG_SQLSTATE);
    const char* primary = api_.field(result, PG_DIAG_MESSAGE_PRIMARY);
    return fail(std::string(meaningOf(state != nullptr ? state : "")) + " (" + oneLine(primary != nullptr ? primary : api_.message(handle_)) + ")");
  }

 private:
  const Api& api_;
  ::PGconn* handle_;
};

void noNotices(void*, const char*) {}

}  // namespace

Result<std::unique_ptr<Connection>> openPostgres(const std::string& url, Opening opening) {
  const auto library = api();
  if (!library) return tl::unexpected(library.error());
  const Api& pq = **library;
  // Its words of a URL that it cannot read quote from it, and what stands there may be a part of a password.
  char* why = nullptr;
  ::PQconninfoOption* options = pq.parse(url.c_str(), &why);
  pq.freeText(why);
  if (options == nullptr)
    return fail("the URL is none that libpq can read: look at its parameters, and at each '%', behind which two hexadecimal digits stand");
  pq.parseFree(options);
  // What the URL says comes later and wins. A network that swallows packets must not hold us for hours.
  const char* const keys[] = {"connect_timeout", "tcp_user_timeout", "keepalives_idle", "fallback_application_name", "client_encoding", "dbname", nullptr};
  const char* const values[] = {"10", "30000", "60", "rightslice", "UTF8", url.c_str(), nullptr};
  ::PGconn* handle = pq.connect(keys, values, 1);
  if (handle == nullptr) return fail("no memory for a connection");
  auto out = std::make_unique<Postgres>(pq, handle);
  if (pq.status(handle) != CONNECTION_OK) return fail("the server of the history cannot be reached (" + oneLine(pq.message(handle)) + ")");
  pq.setNotices(handle, noNotices, nullptr);
  for (const char* each : {"SET statement_timeout = '60s'", "SET lock_timeout = '30s'", "SET idle_in_transaction_session_timeout = '60s'"})
    if (auto done = out->run(each, {}); !done) return tl::unexpected(done.error());
  if (opening == Opening::Read)
    if (auto done = out->run("SET default_transaction_read_only = on", {}); !done) return tl::unexpected(done.error());
  return out;
}

}  // namespace rightslice::observe::history
