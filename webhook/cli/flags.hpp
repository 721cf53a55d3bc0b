// The flags of one command, as a table: the parser reads it, and the manual and the reference are printed from it.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.hpp"
#include "base/error.hpp"

namespace rightslice::cli {

struct Flag {
  std::string name{};       ///< "--policies"
  std::string shortName{};  ///< "-o"; mostly empty
  std::string value{};      ///< what stands for the value in the manual ("DIR|FILE"); empty: a switch
  std::string help{};
  std::string defaultText{};  ///< as the manual shows it; empty: none
  std::string group{};        ///< heading in the manual; empty: the command's own
  bool repeatable = false;
  std::vector<std::string> choices{};  ///< not empty: the only values
  /// Takes one value ("true" or "false" of a switch); the message says what is wrong with it.
  std::function<Result<bool>(const std::string&)> set{};

  bool isSwitch() const { return value.empty(); }
  /// "RIGHTSLICE_MAX_MODEL_LEN"
  std::string environment() const;
};

/// Not copied: flags are bound to variables of the command that declares them.
class Flags {
 public:
  Flag& add(Flag flag);

  Flag& text(std::string& target, std::string name, std::string value, std::string help);
  Flag& text(std::optional<std::string>& target, std::string name, std::string value, std::string help);
  /// The first value given replaces what the list holds by default.
  Flag& list(std::vector<std::string>& target, std::string name, std::string value, std::string help);
  Flag& toggle(bool& target, std::string name, std::string help);
  Flag& choice(std::string& target, std::string name, std::vector<std::string> choices, std::string help);
  Flag& integer(std::int64_t& target, std::string name, std::string value, std::string help, std::int64_t least,
                std::int64_t most);
  Flag& integer(std::optional<std::int64_t>& target, std::string name, std::string value, std::string help,
                std::int64_t least, std::int64_t most);
  Flag& date(std::optional<Date>& target, std::string name, std::string help);

  /// Arguments without a flag; without this, one is an error.
  void positionals(std::vector<std::string>& target, std::string name, std::string help);
  /// What stands after `--`; without this, those are positionals too.
  void rest(std::vector<std::string>& target, std::string name, std::string help);

  const std::vector<Flag>& all() const { return flags_; }
  const Flag* find(std::string_view name) const;

  struct Positionals {
    std::vector<std::string>* target = nullptr;
    std::string name, help;
  };
  const Positionals& positionals() const { return positionals_; }
  const Positionals& rest() const { return rest_; }

 private:
  std::vector<Flag> flags_;
  Positionals positionals_, rest_;
};

/// "yes", "on", "true", "1" and their opposites, in any case; empty is false.
std::optional<bool> parseSwitch(std::string_view text);
/// A whole number without anything around it.
std::optional<std::int64_t> parseInteger(std::string_view text);
/// "10%", "10", "12.5%" -> tenths of a percent; 0 to 200 %, one decimal at most (as spec.headroom).
std::optional<int> parseHeadroom(std::string_view text);

}  // namespace rightslice::cli
