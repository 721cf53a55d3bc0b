// Where the history of looks is kept. What it holds grows with what changes, not with the number of looks: a state or a finding is one row
// from when it was first seen until it was seen no more.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "observe/history/difference.hpp"

namespace rightslice::observe::history {

/// Times are seconds since 1970 (UTC); `since` is the first look that saw it, `until` the first that saw it no more.
struct Span {
  std::int64_t since = 0;
  std::int64_t seen = 0;                    ///< the last look that could see it
  std::optional<std::int64_t> until;        ///< absent: open
};

struct KeptFinding {
  Found found;                              ///< as last seen
  Span span;
};

struct KeptState {
  State::Known subject;
  Span span;
};

struct KeptCluster {
  std::string id, source;                   ///< source: of the last look
  std::int64_t first = 0, last = 0;         ///< the first look and the last
  std::int64_t looks = 0;                   ///< that are still kept
  Coverage unread;                          ///< of the last look: what was not read
};

/// What a workload cost on one day in one bucket, or what nobody held. Summed over the time that looks account for: each for the time since
/// the one before it, but a day at most. `cents` and `centihours` are those of a month of 730 hours times seconds.
struct KeptSpend {
  std::int64_t day = 0;                     ///< days since 1970
  std::string currency, ns, workload, bucket;   ///< workload empty: held by none, or of a day so old that only namespaces are kept
  std::int64_t centSeconds = 0, centihourSeconds = 0;
};
struct KeptDay {
  std::int64_t day = 0, seconds = 0, looks = 0;   ///< seconds of the day that are accounted for
  /// Of these by currency, where there are several in the history and the looks of the day are still kept; else empty.
  std::map<std::string, std::int64_t> byCurrency{};
};

/// The peaks of one container on one day.
struct KeptPeak {
  Peak peak;
  std::int64_t day = 0;
  std::int64_t looks = 0, measured = 0;     ///< looks with metrics of it, and those with `memory`
};

/// What of it is asked for. Everything that is not given is any.
struct Query {
  std::string cluster;                      ///< id; must be given
  std::int64_t from = 0;                    ///< what ended before is left out
  std::optional<std::int64_t> to;           ///< what began later is left out
  std::set<std::string> namespaces;
  std::string workload;                     ///< key, or name alone
  std::set<std::string> codes;
  bool openOnly = false;
};

struct Appended {
  enum class What {
    Written,
    Already,                                ///< this look is there: nothing was written
    Outdated                                ///< a later look is there: nothing was written
  };
  What what = What::Written;
  Difference difference{};                  ///< of Written: what changed with it
  std::int64_t last = 0;                    ///< when the latest look was taken that is kept now
};

/// A look whose time is further ahead of the clock than this is not kept: every other until then would come too late.
constexpr std::int64_t kMostAhead = 300;

struct Retention {
  std::int64_t days = 90;                   ///< for what ended, looks and peaks
  std::int64_t spendDays = 1100;            ///< for what was spent, by namespace and bucket
};

struct Pruned {
  std::int64_t rows = 0;
  bool more = false;                        ///< it stopped at its bound: call again
};

/// For one thread at a time. Several stores, also of several processes, may have the same history open; each write is whole or not at all.
/// An error says what is wrong for a person, without passwords, and changes nothing; the next call tries again, also with a new connection.
class Store {
 public:
  virtual ~Store() = default;
  virtual const std::string& name() const = 0;      ///< for messages: the file, or the URL without its password

  /// In one transaction. A look that is there already is not written again, so it may be repeated after a failure.
  virtual Result<Appended> append(const Record& look) = 0;
  /// Deletes what is older, at most some thousand rows a call, a few hundred a transaction.
  virtual Result<Pruned> prune(std::int64_t now, const Retention& retention) = 0;

  virtual Result<std::vector<KeptCluster>> clusters() = 0;
  virtual Result<State> state(const std::string& cluster) = 0;                ///< after the last look
  virtual Result<std::vector<KeptFinding>> findings(const Query& query) = 0;  ///< by since and id
  virtual Result<std::vector<KeptState>> states(const Query& query) = 0;      ///< by id and since
  virtual Result<std::vector<KeptSpend>> spend(const Query& query) = 0;       ///< by day, currency, namespace, workload, bucket
  virtual Result<std::vector<KeptDay>> days(const Query& query) = 0;
  virtual Result<std::vector<KeptPeak>> peaks(const Query& query) = 0;        ///< by workload, container and day
};

enum class Opening { Create, Write, Read };   ///< Create: makes a new one where there is none; Read: never writes, and takes what is there

/// "history.db", "sqlite:///var/lib/rightslice/history.db" or "postgresql://user@host/name". Brings an older store up to this program;
/// refuses one of a newer. The libraries of the store are loaded here, not before.
Result<std::unique_ptr<Store>> openStore(const std::string& url, Opening opening);

}  // namespace rightslice::observe::history
