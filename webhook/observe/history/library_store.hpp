// A library that is loaded when it is needed: a program that keeps no history pays nothing for the databases. Private to history/.
#pragma once
#include <dlfcn.h>

#include <string>

#include "base/error.hpp"

namespace rightslice::observe::history {

/// Never closed again: what libraries register with the process must not point into nothing.
class Library {
 public:
  static Result<Library> open(const char* file, const char* package) {
    void* handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) return Library(handle, file);
    const char* why = dlerror();
    return fail(std::string(file) + " cannot be loaded (package " + package + "): " + (why != nullptr ? why : "no reason given"));
  }

  /// Sets `to` to the function; false where the library lacks it.
  template <class Function>
  bool find(Function*& to, const char* name) const {
    to = reinterpret_cast<Function*>(dlsym(handle_, name));
    return to != nullptr;
  }
  Error lacks(const char* name) const { return {std::string(file_) + " lacks " + name + ": it is too old", {}}; }

 private:
  Library(void* handle, const char* file) : handle_(handle), file_(file) {}
  void* handle_;
  const char* file_;
};

}  // namespace rightslice::observe::history
