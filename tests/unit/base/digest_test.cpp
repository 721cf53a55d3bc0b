#include "base/digest.hpp"

#include <doctest/doctest.h>

using rightslice::Digest;

TEST_CASE("a digest starts from the FNV-1a offset and has sixteen digits") {
  CHECK(Digest().hex() == "cbf29ce484222325");
  CHECK(Digest().add("").hex() != Digest().hex());
  CHECK(Digest().add("policy").hex().size() == 16);
}

TEST_CASE("where one part ends and the next begins counts") {
  CHECK(Digest().add("ab").add("c").hex() != Digest().add("a").add("bc").hex());
  CHECK(Digest().add("ab").add("").hex() != Digest().add("ab").hex());
  CHECK(Digest().add("ab").add("c").hex() == Digest().add("ab").add("c").hex());
}
