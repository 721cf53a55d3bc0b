"""A container's image, command, args and env for a Serving: the plain way, and every other way."""
import shlex

SHELLS = [["sh", "-c"], ["/bin/sh", "-c"], ["bash", "-lc"], ["bash", "-ec"], ["bash", "-euxo", "pipefail", "-c"], ["/bin/bash", "--login", "-c"],
          ["bash", "-l", "-c"], ["busybox", "sh", "-c"], ["bash", "--rcfile", "/dev/null", "-c"], ["/usr/bin/env", "bash", "-c"], ["su", "app", "-c"]]
WRAPPERS = [["exec"], ["nice", "-n", "5"], ["timeout", "-s", "KILL", "1d"], ["timeout", "--kill-after", "5", "60"], ["nohup"], ["time"],
            ["numactl", "-N", "0", "-m", "0"], ["stdbuf", "-o", "L"], ["sudo", "-E", "-u", "app"], ["gosu", "app"], ["env", "-u", "NOTHING", "A=b"],
            ["taskset", "-c", "0-7"], ["ionice", "-c", "2"], ["chrt", "-f", "10"], ["setsid"]]
INITS = [["tini", "--"], ["/usr/bin/tini", "-g", "--"], ["dumb-init", "--"], ["catatonit", "--"], ["/opt/nvidia/nvidia_entrypoint.sh"]]
SCRIPTS = ["{}", "exec {}", "set -e; {}", "cd /app && {}", "{{ {}; }}", "( {} )", "if true; then {}; fi", "while true; do {}; done",
           "f() {{ {}; }}; f", "function f {{ {}; }}; f", "case x in x) {} ;; esac", "# start\n{} # here\n", "#!/bin/sh\nset -eu\n{}\n",
           "trap 'exit 0' TERM\n{} & wait", "export HF_HOME=/data\n{}", "sleep 1; {}", "mkdir -p /cache && exec {}", "set -a; . /env; set +a; {}",
           "echo vllm serve x; {}", "command -v llama-server; {}", "! {}", "time {}", "sh -s <<EOF\n{}\nEOF\n", "sh <<'EOF'\n{}\nEOF\n",
           "vllm --version; {}", "eval {q}", "sh -c {q}", "bash -lc {q}", "set -- {}; exec \"$@\"", "timeout 1d {}"]


def quoted(word, rng):
    """One word of a shell, quoted in some way."""
    if not word:
        return "''"
    ways = [shlex.quote(word), "'" + word.replace("'", "'\\''") + "'"]
    if not any(c in word for c in '$`"\\!'):
        ways.append('"' + word + '"')
    if all(c.isalnum() or c in "-_./:=" for c in word):
        cut = rng.randrange(len(word))
        ways += [word, word, word[:cut] + '"' + word[cut:] + '"', word[:cut] + "\\" + word[cut:], f"$'{word}'"]
    return rng.choice(ways)


class Launch:
    """The plain way: a program and its flags, or the image's entry point."""

    def __init__(self, serving):
        engine = serving.engine
        self.engine = engine
        self.image = engine.image
        self.flags = list(serving.flags)
        self.program = engine.programs[0] if engine.programs else None
        self.positional = self.program is not None and 0 in engine.positional
        self.env = []                 # (name, value)
        self.joined = set()           # flags written --flag=value
        self.spelling = {}            # flag -> as written
        self.before = []              # wrappers
        self.shell = None             # (words of the shell, script with {})
        self.variable_way = None      # how variables reach the program: env, prefix, export, wrapper
        self.split = None             # where args begin
        self.references = {}          # flag -> variable that its value is written through
        self.repeated = None          # (flag, value) that a later one wins over
        for flag, value in list(self.flags):
            if flag in engine.variables and not flag.startswith("-"):
                self.to_variable(flag)

    def to_variable(self, flag):
        value = dict(self.flags)[flag]
        self.flags = [each for each in self.flags if each[0] != flag]
        self.env.append((self.engine.variables[flag], value))

    def words(self):
        """The engine's command line without wrappers; $(NAME) for references."""
        program, rest = list(self.program or []), []
        for flag, value in self.flags:
            written = self.spelling.get(flag, flag)
            if flag in self.references:
                value = f"$({self.references[flag]})"
            if flag == self.engine.model_flag and self.positional:
                program.append(value)
            elif value is None:
                rest.append(written)
            elif flag in self.joined and written.startswith("--"):
                rest.append(f"{written}={value}")
            else:
                rest += [written, value]
        if self.repeated and self.repeated[0] in dict(self.flags):
            rest = list(self.repeated) + rest
        return program + rest

    def container(self, rng):
        words, env = self.words(), list(self.env)
        for flag, name in self.references.items():
            env.insert(0, (name, dict(self.flags)[flag]))
        out = {"image": self.image}
        way = self.variable_way if self.program else None
        own = [(n, v) for n, v in self.env] if way else []
        env = [each for each in env if each not in own]
        if way == "wrapper":
            words = [rng.choice(["env", "/usr/bin/env"])] + [f"{n}={v}" for n, v in own] + words
        if self.shell is not None:
            shell, script = self.shell
            line = rng.choice([" ", "  ", " \\\n  "]).join(quoted(w, rng) if "$(" not in w else f'"{w}"' for w in self.before + words)
            if way == "prefix" and script != "{}":
                way = "export"
            if way == "prefix":
                line = " ".join(f"{n}={quoted(v, rng)}" for n, v in own) + " " + line
            text = script.format(line, q=shlex.quote(line))
            if way == "export":
                first = rng.choice(["export {};", "export {}\n", "set -a; {}; set +a;", "declare -x {};"])
                text = first.format(" ".join(f"{n}={quoted(v, rng)}" for n, v in own)) + " " + text
            words = shell + [text]
        else:
            words = self.before + words
        if self.program:
            at = len(words) if self.split is None else 1 + self.split % len(words)
            out["command"], out["args"] = words[:at], words[at:]
            if not out["args"]:
                del out["args"]
        elif words:
            out["args"] = words
        if env:
            out["env"] = [{"name": n, "value": v} for n, v in env]
        return out
