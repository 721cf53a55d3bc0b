// The history over a connection to a database. Private to history/.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "observe/history/schema_store.hpp"
#include "observe/history/store.hpp"

namespace rightslice::observe::history {

/// Opens the connection when it is needed, and again when it was lost.
class SqlStore : public Store {
 public:
  using Connect = std::function<Result<std::unique_ptr<Connection>>()>;
  SqlStore(std::string name, Opening opening, Connect connect, std::span<const Migration> schema);

  /// Connects now, so that what is wrong is told at once.
  Result<bool> open();

  const std::string& name() const override { return name_; }
  Result<Appended> append(const Record& look) override;
  Result<Pruned> prune(std::int64_t now, const Retention& retention) override;
  Result<std::vector<KeptCluster>> clusters() override;
  Result<State> state(const std::string& cluster) override;
  Result<std::vector<KeptFinding>> findings(const Query& query) override;
  Result<std::vector<KeptState>> states(const Query& query) override;
  Result<std::vector<KeptSpend>> spend(const Query& query) override;
  Result<std::vector<KeptDay>> days(const Query& query) override;
  Result<std::vector<KeptPeak>> peaks(const Query& query) override;

 private:
  Result<Connection*> connected();
  /// Everything that is done here may be done twice: where the connection was lost it is done once more with a new one.
  template <class T>
  Result<T> with(const std::function<Result<T>(Connection&)>& work);
  /// In a transaction that sees one state of the history.
  template <class T>
  Result<T> reading(const std::function<Result<T>(Connection&)>& work);

  std::string name_;
  Opening opening_;
  Connect connect_;
  std::span<const Migration> schema_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace rightslice::observe::history
