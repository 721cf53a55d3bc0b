# Turns a data file into a C++ source with a function that returns its text, and one that returns the SHA-256 of that (32 bytes).
# Bytes travel as hexadecimal pairs.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(SHA256 ${INPUT} digest)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," digest "${digest}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace rightslice::embedded {
static const unsigned char kBytes[] = {${bytes}0};
std::string_view ${SYMBOL}();
std::string_view ${SYMBOL}() { return {reinterpret_cast<const char*>(kBytes), sizeof kBytes - 1}; }
static const unsigned char kDigest[] = {${digest}0};
std::string_view ${SYMBOL}_sha256();
std::string_view ${SYMBOL}_sha256() { return {reinterpret_cast<const char*>(kDigest), sizeof kDigest - 1}; }
}
")
