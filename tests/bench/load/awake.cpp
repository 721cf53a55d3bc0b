// Keeps a load generator awake: LD_PRELOAD=libawake.so wrk ... polls where it would sleep.
//
// To wake a sleeping process on another core is work of the one who sends to it: on a virtual machine some 8 us, about as much as nginx's whole reply. nginx, which
// keeps wrk busy, never pays it; a server that is slower than wrk pays it with every answer. Awake, wrk costs both the same.
#include <dlfcn.h>
#include <sys/epoll.h>

extern "C" int epoll_wait(int queue, epoll_event* events, int count, int /*timeout*/) {
  using Wait = int (*)(int, epoll_event*, int, int);
  static const auto wait = reinterpret_cast<Wait>(::dlsym(RTLD_NEXT, "epoll_wait"));
  return wait(queue, events, count, 0);
}
