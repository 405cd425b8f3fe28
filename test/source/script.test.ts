import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import { compose, composePages, type ScriptName, scopeFilter } from "../../lib/source/bpftrace/script.ts";
import type { Scope } from "../../lib/source/source.ts";
import { causeIn } from "../../lib/subprocess/cause.ts";

const SCRIPTS = readdirSync(`${ROOT}/bt`).filter((name) => name.endsWith(".bt"));
/** It has an interval of its own: its maps take turns. */
const PAGES = "pages.bt";

const SCOPES: Record<string, Scope> = {
  "one process": { kind: "pids", pids: [42], follow: false },
  "three processes": { kind: "pids", pids: [42, 43, 44], follow: false },
  "children too": { kind: "pids", pids: [42, 43], follow: true },
  "a cgroup": { kind: "cgroup", ids: [77, 78], directory: "/" },
  "all processes": { kind: "all" },
};

const COUNTING: readonly ScriptName[] = ["faults", "types", "exits", "entries"];
const TIMING: readonly ScriptName[] = ["latency", "types", "exits", "entries"];

for (const file of SCRIPTS) {
  test(`bt/${file} has the filter that a wider scope replaces, one interval, and tells its usage`, () => {
    const text = readFileSync(`${ROOT}/bt/${file}`, "utf8");
    assert.ok(text.includes("/pid == $1/ {"));
    const interval = file === PAGES ? /^interval:ms:50 \{$/gm : /^interval:s:1 \{.*\}$/gm;
    assert.equal(text.match(interval)?.length, 1, "on a line of its own");
    assert.equal(
      text.match(/\$1/g)?.length,
      text.match(/\/pid == \$1\//g)?.length,
      "$1 stands in filters only",
    );
    assert.ok(text.startsWith(`/*\n * ${file}: `));
    assert.ok(text.includes(`bpftrace bt/${file} PID`));
    for (const [, name] of text.matchAll(/^interval:s:1 \{(.*)\}$/gm)) {
      for (const [, map] of name?.matchAll(/print\((@\w+)\)/g) ?? []) {
        assert.ok(text.includes(`${map}[`), `${map} is printed, so it is filled`);
      }
    }
  });
}

for (const [name, scope] of Object.entries(SCOPES)) {
  test(`composed for ${name} the program has that filter everywhere and one interval`, () => {
    for (const scripts of [COUNTING, TIMING]) {
      const program = compose(scripts, scope, 250, false);
      assert.ok(!program.includes("$1 "), "no script's own filter is left");
      assert.ok(!/\/pid == \$1\//.test(program));
      assert.ok(!program.includes("interval:s:1 "));
      assert.equal(program.match(/^interval:ms:250 /gm)?.length, 1);
      const { predicate } = scopeFilter(scope);
      for (const [line] of program.matchAll(
        /^(software|tracepoint:exceptions|tracepoint:sched:sched_process_exit).*\{/gm,
      )) {
        assert.ok(line.includes(predicate), line);
      }
      assert.ok((program.match(/^END /gm)?.length ?? 0) <= 1, "bpftrace refuses a second END");
      assert.match(program, /printf\("tick"\); \}$/, "the tick follows all maps");
    }
  });
}

for (const [name, scope] of Object.entries(SCOPES)) {
  test(`pages.bt for ${name} has that filter everywhere; forks only where children are followed`, () => {
    const { program, stepNs } = composePages(scope, true);
    assert.equal(stepNs, 100e6);
    assert.ok(!/\/pid == \$1\//.test(program));
    const follows = scope.kind !== "pids" || scope.follow;
    assert.equal(/^tracepoint:task:task_newtask/m.test(program), follows);
    const { predicate } = scopeFilter(scope);
    for (const [line] of program.matchAll(
      /^(software|tracepoint:task|tracepoint:sched:sched_process_ex).*\{/gm,
    ))
      assert.ok(line.includes(predicate), line);
    assert.ok((program.match(/^END /gm)?.length ?? 0) <= 1, "bpftrace refuses a second END");
    const without = composePages({ kind: "all" }, false).program;
    assert.ok(!without.includes("tracepoint:"), "without tracefs no tracepoint is asked for");
  });
}

test("per thread every map of a count has the thread in its key, those of exits have not", () => {
  const program = compose(TIMING, { kind: "all" }, 1000, true);
  for (const [, map, key] of program.matchAll(/^[^*]*(@\w+)\[(pid\b[^\]]*)\]/gm)) {
    assert.equal(key?.startsWith("pid, tid"), !map?.startsWith("@exit"), `${map}[${key}]`);
  }
});

test("every process of a scope is named in its filter", () => {
  assert.equal(
    scopeFilter({ kind: "pids", pids: [1, 2], follow: false }).predicate,
    "/pid == 1 || pid == 2/",
  );
  assert.equal(
    scopeFilter({ kind: "cgroup", ids: [9, 8], directory: "" }).predicate,
    "/cgroup == 9 || cgroup == 8/",
  );
  const { predicate, probes } = scopeFilter({ kind: "pids", pids: [1, 2], follow: true });
  assert.equal(predicate, "/@tracked[pid]/");
  assert.match(probes, /@tracked\[1\] = 1; @tracked\[2\] = 1;/);
});

let cannot: string | null;
before(async () => {
  cannot = await whyNot("software:minor-faults:1 { @ = count(); }");
});

/** What bpftrace says against a program; null when it compiles. It then only prints what it would load. */
async function whyNot(program: string, ...args: string[]): Promise<string | null> {
  const { failed, all, shortMessage } = await execa("bpftrace", ["-d", "-e", program, ...args], {
    all: true,
    reject: false,
    stdin: "ignore",
    timeout: 60_000,
    env: { LC_ALL: "C" },
  });
  return failed ? (causeIn(all?.split("\n") ?? []) ?? shortMessage ?? "no reason given") : null;
}

const HANDLERS: readonly ScriptName[] = ["kprobe", "types", "exits"];

for (const [name, scope] of Object.entries(SCOPES)) {
  test(`bpftrace compiles what is composed for ${name}: counts, latency, per thread, kprobe`, async (t) => {
    if (cannot !== null) return t.skip(`needs: bpftrace that compiles (${cannot})`);
    for (const [scripts, perThread] of [
      [COUNTING, false],
      [TIMING, false],
      [TIMING, true],
      [HANDLERS, false],
    ] as const) {
      assert.equal(await whyNot(compose(scripts, scope, 1000, perThread)), null, scripts.join());
    }
    assert.equal(await whyNot(composePages(scope, true).program), null, "pages");
  });
}
