// The JSON form of a Judgement, as `check -o json` prints it (DESIGN 5).
#pragma once
#include "json/writer.hpp"
#include "policy/judgement.hpp"

namespace rightslice::admission {

/// Where the object came from; all optional.
struct Origin {
  std::string file;
  int document = 0;
  int item = 0;
};

void writeResult(json::Writer& out, const policy::Judgement& judgement, const Origin& origin);

}  // namespace rightslice::admission
