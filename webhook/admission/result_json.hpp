// The JSON form of a Judgement, as `check -o json` prints it (DESIGN 5).
#pragma once
#include <functional>

#include "json/writer.hpp"
#include "policy/judgement.hpp"

namespace rightslice::admission {

/// Where the object came from; all optional.
struct Origin {
  std::string file;
  int document = 0;
  int item = 0;
};

/// `more` writes further members of the same object.
void writeResult(json::Writer& out, const policy::Judgement& judgement, const Origin& origin,
                 const std::function<void(json::Writer&)>& more = {});

}  // namespace rightslice::admission
