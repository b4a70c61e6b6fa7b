import { z } from "zod";

const Names = z.record(z.string(), z.string()).default({});

const Entry = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  link: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  optional: z.boolean().optional(),
  dependencies: Names,
  devDependencies: Names,
  optionalDependencies: Names,
});
type Entry = z.infer<typeof Entry>;

const Lockfile = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), Entry) });
const Manifest = z.object({ dependencies: Names, devDependencies: Names, optionalDependencies: Names });

const groups = ["dependencies", "devDependencies", "optionalDependencies"] as const;

/** An exact version. Platform packages are always required by an exact version. */
const exact = /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/;

/** `sha512` of 64 bytes, in base64. */
const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

/**
 * Returns the problems of a lockfile, one sentence each; empty if there are none. npm omits the entries of optional
 * packages whose metadata it could not read, without any message. A compiler is then missing on their platforms.
 * @param lockfile the parsed `package-lock.json`
 * @param manifest the parsed `package.json`
 * @throws ZodError if one of them does not have the form that npm writes
 */
export function problemsOf(lockfile: unknown, manifest: unknown): string[] {
  const { packages } = Lockfile.parse(lockfile);
  const required = Manifest.parse(manifest);
  const root = packages[""];
  if (root === undefined) return ["package-lock.json has no entry for the project itself."];
  const problems = groups.flatMap((group) =>
    JSON.stringify(sorted(root[group])) === JSON.stringify(sorted(required[group]))
      ? []
      : [`The ${group} of package-lock.json differ from those of package.json.`],
  );
  for (const [path, entry] of Object.entries(packages)) {
    problems.push(...missingFor(packages, path, entry));
    if (path !== "" && entry.link !== true && entry.inBundle !== true) problems.push(...unverifiable(path, entry));
    if (entry.resolved !== undefined) {
      problems.push(`${path} has the field "resolved", which names a registry. This lockfile must not name one.`);
    }
  }
  return problems;
}

function missingFor(packages: Readonly<Record<string, Entry>>, path: string, entry: Entry): string[] {
  const needs = { ...entry.dependencies, ...entry.optionalDependencies };
  return Object.entries(needs).flatMap(([name, version]) => {
    const found = resolve(packages, path, name);
    const by = path === "" ? "the project" : path;
    if (found === null) return [`${by} needs ${name}@${version}, which has no entry.`];
    if (!exact.test(version) || found.version === version) return [];
    return [`${by} needs ${name}@${version}, but the entry has version ${found.version}.`];
  });
}

function unverifiable(path: string, { version, integrity }: Entry): string[] {
  if (version === undefined) return [`${path} has no version.`];
  return sha512.test(integrity ?? "") ? [] : [`${path}@${version} has no integrity of type sha512.`];
}

/** The entry that Node finds: the nearest `node_modules` on the way up. */
function resolve(packages: Readonly<Record<string, Entry>>, from: string, name: string): Entry | null {
  for (let at: string | null = from; at !== null; at = parentOf(at)) {
    const found = packages[at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`];
    if (found !== undefined) return found;
  }
  return null;
}

function parentOf(path: string): string | null {
  if (path === "") return null;
  const end = path.lastIndexOf("/node_modules/");
  return end < 0 ? "" : path.slice(0, end);
}

const sorted = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).sort(([one], [other]) => (one < other ? -1 : 1));
