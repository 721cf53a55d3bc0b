"""Reads what `scan` prints, in each of its formats, far enough to count its rows and to add its figures."""
import csv
import io
import json
import re
from decimal import Decimal

import yaml

FORMATS = ["text", "json", "yaml", "csv", "markdown", "piqc"]


def loaded(text):
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def block(lines, first):
    """Lines from the one that `first` matches to the next empty one."""
    start = next(index for index, line in enumerate(lines) if re.match(first, line))
    end = next((index for index in range(start, len(lines)) if not lines[index].strip()), len(lines))
    return lines[start:end]


def cells(line):
    return [each.strip() for each in re.split(r"(?<!\\)\|", line)[1:-1]]


def section(lines, title):
    """Rows of the table below a heading of Markdown, without its head; escapes are undone."""
    start = next(index for index, line in enumerate(lines) if re.match(title, line))
    rows = []
    for line in lines[start + 1:]:
        if line.startswith("#"):
            break
        if line.startswith("|"):
            rows.append([re.sub(r"\\(.)", r"\1", each) for each in cells(line)])
    return rows[2:]


def workloads(output, printed):
    """(kind, namespace, name) of every row, in order."""
    if output in ("json", "yaml"):
        told = json.loads(printed) if output == "json" else loaded(printed)
        return [(each["kind"], each["namespace"], each["name"]) for each in told["results"]]
    if output == "csv":
        return [(each["kind"], each["namespace"], each["name"]) for each in csv.DictReader(io.StringIO(printed))]
    if output == "piqc":
        ids = [each["workloadId"].split("/") for each in json.loads(printed)["objects"]]
        return [(each[2], each[1], each[3]) for each in ids if each[1] != "gpu-pool"]
    lines = printed.splitlines()
    if output == "markdown":
        return [(*reversed(row[1].split()[:1]), row[0], row[1].split()[1]) for row in section(lines, "## Workloads")]
    if output == "html":
        return html_workloads(printed)
    rows = [line.split() for line in block(lines, r"namespace\s+workload")[1:]]
    return [(row[1], row[0], row[2]) for row in rows]


def html_workloads(printed):
    """Of the data that the page makes its table of: a line for each, in the shape of `-o json`."""
    return re.findall(r'^\{"kind":"([^"]+)","namespace":"([^"]+)","name":"([^"]+)","policies"', printed, re.M)


def kv_usage(output, printed):
    """Workload's name -> what is said of its KV cache, as it stands there; workloads of which nothing is said are not here."""
    if output in ("json", "yaml"):
        told = json.loads(printed) if output == "json" else loaded(printed)
        out = {}
        for each in told["results"]:
            values = [one["values"]["kvUsage"].get("value") for one in each.get("measured", []) if "kvUsage" in one["values"]]
            if any(value is not None for value in values):
                out[each["name"]] = max(value for value in values if value is not None)
        return {name: f"{value:.1f}" for name, value in out.items()}
    if output == "csv":
        return {each["name"]: f"{Decimal(each['kvUsagePercent']):.1f}" for each in csv.DictReader(io.StringIO(printed)) if each["kvUsagePercent"]}
    if output == "piqc":
        return {each["name"]: f"{each['facts']['obs.vllm.kvCacheUsagePct']['value']:.1f}" for each in json.loads(printed)["objects"]
                if "obs.vllm.kvCacheUsagePct" in each["facts"]}
    lines = printed.splitlines()
    if output == "markdown":
        return {row[0].rpartition("/")[2]: row[2].split()[0] for row in section(lines, "## Measured") if row[2] != "?"}
    rows = block(lines, "measured over")[2:]
    found = [re.match(r"\s+\S+ \S+/(\S+)\s+\d+ of \d+ pods\s+(\S+)", row) for row in rows]
    return {each[1]: each[2] for each in found if each and each[2] != "?"}


def sums(told):
    """(view, sum of its rows, what it should be) of the money in `-o json`, for the amount and for each bucket."""
    money = told["money"]
    exact = lambda value: Decimal(str(value))   # noqa: E731
    yield "buckets", sum(map(exact, money["buckets"].values())), exact(money["total"])
    for view in ("namespaces", "workloads", "models", "products", "nodes"):
        rows = [each for each in money[view] if "total" in each]
        yield view, sum(exact(each["total"]) for each in rows), exact(money["total"])
        for bucket in money["buckets"]:
            yield f"{view}, {bucket}", sum(exact(each["buckets"].get(bucket, 0)) for each in rows), exact(money["buckets"][bucket])
        for each in rows:
            yield f"{view}, a row", sum(map(exact, each["buckets"].values())), exact(each["total"])


def printed_sums(output, printed):
    """The same of the tables of text and Markdown: each has a last row `together`."""
    lines = printed.splitlines()
    tables, rows = [], []
    for line in [*lines, ""]:
        row = cells(line) if output == "markdown" and line.startswith("|") else re.split(r"\s{2,}", line.strip()) if output == "text" else []
        row = [re.sub(r"\\(.)", r"\1", each) for each in row]
        if len(row) > 1:
            rows.append(row)
            continue
        if rows and rows[-1][0] == "together":
            tables.append(rows)
        if not line.strip():
            rows = []
    for table in tables:
        numbers = [[Decimal(each) for each in row[1:]] for row in table if all(re.fullmatch(r"-?\d+(\.\d+)?", each) for each in row[1:])]
        for column in range(len(numbers[-1])):
            yield f"{output}: {table[0]}", sum(row[column] for row in numbers[:-1]), numbers[-1][column]
