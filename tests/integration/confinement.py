"""What a container runtime does to a program before it starts it, and what the program does then, by its system calls.

usage: confinement.py profile|strict|CALL,... PROGRAM [ARGUMENT]...     becomes the program, under the profile; `strict`: any call that the profile does
not name kills it; with names of calls, strict, and these are not allowed either
"""

import ctypes
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROFILE = pathlib.Path(__file__).resolve().parents[2] / "deploy/seccomp/rightslice.json"

# seccomp.h of libseccomp 2.5, with the kernel's names for the same.
KILL_PROCESS, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
OPERATORS = {"SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}
PR_SET_NO_NEW_PRIVS = 38


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("first", ctypes.c_uint64), ("second", ctypes.c_uint64)]


def profile():
    return json.loads(PROFILE.read_text())


class Filter:
    """The profile as the kernel takes it. `otherwise` is what happens to calls that it does not name (default: what it says)."""

    def __init__(self, otherwise=None, without=()):
        self.library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.library.seccomp_init.restype = ctypes.c_void_p
        written = profile()
        refused = ERRNO | written["defaultErrnoRet"]
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(refused if otherwise is None else otherwise)))
        for rule in written["syscalls"]:
            action = {"SCMP_ACT_ALLOW": ALLOW, "SCMP_ACT_ERRNO": ERRNO | rule.get("errnoRet", 1)}[rule["action"]]
            if action == refused and otherwise is None:
                continue  # libseccomp wants no rule that says what is said anyway
            arguments = [Comparison(each["index"], OPERATORS[each["op"]], each["value"], each.get("valueTwo", 0)) for each in rule.get("args", [])]
            array = (Comparison * len(arguments))(*arguments)
            for name in rule["names"]:
                number = self.library.seccomp_syscall_resolve_name(name.encode())
                if number == -1:
                    raise AssertionError(f"no system call is called {name}")
                if name in without or number < -1:  # of other processors
                    continue
                self.must(self.library.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(arguments), array), name)

    @staticmethod
    def must(result, what):
        if result != 0:
            raise OSError(-result, f"libseccomp: {what}: {os.strerror(-result)}")

    def load(self):
        """For this process and what it becomes."""
        if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError("no_new_privs")
        self.must(self.library.seccomp_load(self.context), "load")

    def file(self):
        """An open file with the program of the filter, from its start."""
        out = tempfile.TemporaryFile()
        self.must(self.library.seccomp_export_bpf(self.context, out.fileno()), "export")
        out.seek(0)
        return out


def missing(*command):
    """Why this machine cannot do it; empty if it can."""
    if not shutil.which(command[0]):
        return f"{command[0]} is not installed (deploy/packages)"
    tried = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return f"{command[0]} may not do it here: {tried.stdout.strip()[:200]}" if tried.returncode != 0 else ""


OTHER_USER = 12345


def sandbox(more=()):
    """As Kubernetes' restricted profile starts a pod: a user that no system knows, no capability, a root that is read-only, no HOME."""
    other = ["setpriv", f"--reuid={OTHER_USER}", f"--regid={OTHER_USER}", "--clear-groups"] if os.geteuid() == 0 else []
    return [*other, "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL",
            "--unsetenv", "HOME", "--die-with-parent", *more]


class Trace:
    """What a program does to files and other programs, and whom it connects to. The traced program keeps its own process id."""

    # A filter in the kernel lets all other calls run at their speed.
    WRAPPER = ["strace", "-f", "-D", "-qq", "--seccomp-bpf", "-e", "trace=%file,%process,connect", "-e", "signal=none"]

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "trace"

    def wrapper(self):
        return [*self.WRAPPER, "-o", str(self.path)]

    def calls(self):
        """(name, rest of the line) of each call, the program's own start first."""
        found = []
        for line in self.path.read_text(errors="replace").splitlines():
            call = re.match(r"\d+ +(\w+)\((.*)", line)
            if call:
                found.append((call[1], call[2]))
        return found


def under(how):
    """The beginning of a command line that runs the rest of it under the profile."""
    return [sys.executable, "-B", str(pathlib.Path(__file__).resolve()), how]


def main():
    how, program, *arguments = sys.argv[1:]
    path = shutil.which(program)
    loaded = Filter() if how == "profile" else Filter(KILL_PROCESS, without=how.split(","))
    loaded.load()
    os.execv(path, [program, *arguments])


if __name__ == "__main__":
    main()
