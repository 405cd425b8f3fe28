import { execa } from "execa";

/** Itanium C++ and Rust; anything else is no mangled name, or no name that a line could hold. */
const MANGLED = /^_(?:Z|R)[\w.$]+$/;
/** What the older mangling of Rust ends with. */
const RUST_HASH = /::h[0-9a-f]{16}$/;
const LIMIT_MS = 10_000;

/**
 * C++ and Rust names as the source has them, without parameters, by one run of c++filt(1);
 * names stay as they are where that is not installed, or fails.
 */
export async function demangle(names: Iterable<string>): Promise<Map<string, string>> {
  const mangled = [...new Set(names)].filter((name) => MANGLED.test(name));
  if (mangled.length === 0) return new Map();
  const { stdout, failed } = await execa("c++filt", ["-p"], {
    input: `${mangled.join("\n")}\n`,
    reject: false,
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
    env: { LC_ALL: "C" },
  });
  const lines = failed ? [] : stdout.split("\n");
  if (lines.length !== mangled.length) return new Map();
  return new Map(mangled.map((name, i) => [name, (lines[i] ?? name).replace(RUST_HASH, "")]));
}
