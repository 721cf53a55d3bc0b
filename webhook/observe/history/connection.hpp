// One connection to a database, and what the two sorts of them have in common: SQL with numbered values, and rows of text. Private to history/.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace rightslice::observe::history {

using Value = std::variant<std::monostate, std::int64_t, std::string>;   ///< the first: NULL
using Row = std::vector<std::optional<std::string>>;

/// For one thread at a time. Errors are one sentence for a person, with what the database says, and never with a password.
class Connection {
 public:
  virtual ~Connection() = default;

  /// One statement; its values stand in it as $1, $2, ..., in the order in which they first occur. Rows are those of a query.
  virtual Result<std::vector<Row>> run(const std::string& sql, const std::vector<Value>& values = {}) = 0;

  enum class Begin {
    Read,    ///< sees one state of the database until it ends
    Write    ///< no other program that writes a history gets in between: they wait for each other
  };
  virtual Result<std::vector<Row>> begin(Begin how) = 0;

  /// Is there a table of this name?
  virtual Result<bool> hasTable(const std::string& table) = 0;
  /// May a history be made in it? Not in a file that is full of something else.
  virtual Result<bool> isFree() = 0;
  /// Gives space back that deleted rows leave, some of it; where the database does not do that itself.
  virtual void tidy() {}
  /// Nothing comes through it any more: a new one is needed.
  virtual bool isLost() const = 0;
};

/// Rolls back what is not committed when it goes.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, Connection::Begin how) {
    auto begun = connection.begin(how);
    if (!begun) return tl::unexpected(begun.error());
    return Transaction(connection);
  }
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) { other.connection_ = nullptr; }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (connection_ != nullptr) (void)connection_->run("ROLLBACK");
  }
  Result<bool> commit() {
    auto done = connection_->run("COMMIT");
    if (!done) return tl::unexpected(done.error());
    connection_ = nullptr;
    return true;
  }

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace rightslice::observe::history
