import {
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

interface Entry {
  readonly identity: string;
  readonly isFolder: boolean;
}

/**
 * The state of a folder after a power failure: every file has the content of its last flush, or is empty, and every
 * name is as it was at the last flush of its folder. A flushed file also has its name, as on ext4 and XFS. A removal or
 * a rename takes effect only once the folder is flushed.
 */
export class FlushedImage {
  readonly #contents = new Map<string, Buffer>();
  readonly #names = new Map<string, Map<string, Entry>>();
  /** The paths of all flushes, relative to the root. */
  readonly flushed: string[] = [];

  /** @param root a folder that counts as flushed completely at the beginning */
  constructor(readonly root: string) {
    this.#flushTree(root);
  }

  /** Flushes a descriptor, and records what is safe after that. Linux only. */
  readonly flush = (descriptor: number): void => {
    fsyncSync(descriptor);
    const path = readlinkSync(`/proc/self/fd/${descriptor}`);
    if (path !== this.root && !path.startsWith(`${this.root}/`))
      throw new Error(`flushed outside of ${this.root}: ${path}`);
    this.flushed.push(path.slice(this.root.length + 1));
    if (fstatSync(descriptor).isDirectory()) this.#flushNames(path);
    else this.#contents.set(entryOf(path).identity, readFileSync(path));
    if (path !== this.root) this.#keepName(path);
  };

  /** Writes the state after a power failure into a new folder. */
  writeTo(folder: string): void {
    this.#writeFolder(entryOf(this.root).identity, folder);
  }

  #writeFolder(identity: string, folder: string): void {
    mkdirSync(folder, { mode: 0o700 });
    for (const [name, entry] of this.#names.get(identity) ?? []) {
      if (entry.isFolder) this.#writeFolder(entry.identity, join(folder, name));
      else writeFileSync(join(folder, name), this.#contents.get(entry.identity) ?? "");
    }
  }

  #flushTree(folder: string): void {
    this.#flushNames(folder);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const entry = entryOf(path);
      if (entry.isFolder) this.#flushTree(path);
      else this.#contents.set(entry.identity, readFileSync(path));
    }
  }

  #flushNames(folder: string): void {
    const names = new Map(readdirSync(folder).map((name) => [name, entryOf(join(folder, name))]));
    this.#names.set(entryOf(folder).identity, names);
  }

  #keepName(path: string): void {
    const folder = dirname(path);
    const { identity } = entryOf(folder);
    const names = this.#names.get(identity) ?? new Map<string, Entry>();
    this.#names.set(identity, names.set(basename(path), entryOf(path)));
    if (folder !== this.root) this.#keepName(folder);
  }
}

/** Inode numbers are reused. Together with the birth time they are unique. */
function entryOf(path: string): Entry {
  const status = lstatSync(path, { bigint: true });
  return { identity: `${status.ino}:${status.birthtimeNs}`, isFolder: status.isDirectory() };
}
