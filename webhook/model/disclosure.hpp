// What of a command line may be told to others. Denials, warnings, events and logs are read by more people than the object itself, and command
// lines hold tokens: in addresses, in commands that fetch something, in flags that are none of ours.
#pragma once
#include <string>
#include <string_view>

namespace rightslice::model {

/// An address without user, password, query and fragment: "https://ann:pw@host/model?sig=..." -> "https://host/model". Other text as it is.
std::string withoutCredentials(std::string_view text);

/// What a word hangs on, as an unknown part of it is written: "$MAX_LEN" stays, of "${KEY:-default}" the default is left out, and of
/// "$(curl -H ...)" all but the program.
std::string toldReference(std::string_view written);

/// The program or flag at the beginning of a text that should be one word and is several, or has a value: "--api-key abc" -> "--api-key".
std::string toldWord(std::string_view text);

}  // namespace rightslice::model
