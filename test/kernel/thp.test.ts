import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { hugePages, thpMode } from "../../lib/kernel/thp.ts";
import { ROOT } from "../../lib/paths.ts";

/** /sys/kernel/mm/transparent_hugepage with these files. */
function settings(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(`${ROOT}/build/thp-`);
  t.after(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text}\n`);
  }
  return root;
}

test("which memory may have huge pages, by the settings for all sizes", (t) => {
  const of = (enabled: string, shmem_enabled: string) => hugePages(settings(t, { enabled, shmem_enabled }));
  const [madvise, never] = ["always [madvise] never", "always madvise [never]"];
  assert.deepEqual(of(madvise, "always within_size advise [never] deny force"), { anon: true, shmem: false });
  assert.deepEqual(of(never, "always within_size [advise] never deny force"), { anon: false, shmem: true });
  assert.deepEqual(of(madvise, "always within_size advise never [deny] force"), { anon: true, shmem: false });
});

test("the settings for the size of a huge page come first, unless they inherit", (t) => {
  const all = {
    hpage_pmd_size: "2097152",
    enabled: "always [madvise] never",
    shmem_enabled: "always [never]",
  };
  const of = (enabled: string, shmem_enabled: string) =>
    hugePages(
      settings(t, {
        ...all,
        "hugepages-2048kB/enabled": enabled,
        "hugepages-2048kB/shmem_enabled": shmem_enabled,
      }),
    );
  assert.deepEqual(of("always [inherit] madvise never", "always [inherit] never"), {
    anon: true,
    shmem: false,
  });
  assert.deepEqual(of("always inherit madvise [never]", "inherit [advise]"), { anon: false, shmem: true });
});

test("a kernel without huge pages has none", (t) => {
  const root = settings(t, {});
  assert.deepEqual(hugePages(root), { anon: false, shmem: false });
  assert.equal(thpMode(root), null);
});
