import { join } from "node:path";
import { inParallel } from "#src/platform/in-parallel";
import type { Pace } from "#src/platform/timer";
import { orderBatch } from "#src/traefik/compiler/order-batch";
import type { PlannedFile } from "../protocol/bundle";
import { fileDigest } from "../protocol/file-digest";
import type { FaultPointHook, Target } from "../protocol/target";
import { requireClaim } from "./claim-folder";
import { type FileOperations, isMissing } from "./file-operations";
import { findForeignFiles } from "./foreign-files";
import { type FolderPaths, fileMode } from "./gateway-folder";

/** Files flushed concurrently: more than the thread pool has threads, so that no thread idles. */
const flushedAtOnce = 64;
/** Files renamed concurrently, when their order does not matter. */
const renamedAtOnce = 16;
/** Files staged between two checks for a delivery with priority. */
const checkedEvery = 32;
/** Files read concurrently. */
const readAtOnce = 16;

interface FileTargetOptions {
  readonly paths: FolderPaths;
  readonly term: number;
  /** The id of the leader. It names a folder below the term's, which no other process creates. */
  readonly leaderId: string;
  /** The gateway to which this folder must belong. */
  readonly gatewayId: string;
  readonly nonce: string;
  readonly group: number | undefined;
  readonly files: FileOperations;
  readonly faultPoint: FaultPointHook;
  readonly pace: Pace;
}

/** The staging folder of one leader in one term. */
export function stagingOf(paths: FolderPaths, term: number, leaderId: string): string {
  return join(paths.staging, String(term), leaderId);
}

/**
 * Removes the staging folders of all other terms, so that every later rename by a paused leader fails. A new term does
 * this before anything else.
 */
export async function fenceOlderTerms(paths: FolderPaths, term: number, files: FileOperations): Promise<void> {
  const names = (await files.readdir(paths.staging)).filter((name) => name !== String(term));
  for (const name of names) {
    const away = join(paths.staging, String(term), `away-${name}`);
    await files.removeTree(away);
    try {
      await files.rename(join(paths.staging, name), away);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await files.removeTree(away);
  }
}

/** The folder of a gateway on this disk. The staging folder of its term must exist. */
export function fileTarget(options: FileTargetOptions): Target {
  const { paths, files, group, faultPoint } = options;
  const staging = stagingOf(options.paths, options.term, options.leaderId);
  let batches = 0;

  const read = (name: string) => files.readFile(join(paths.applications, name));

  return {
    requireClaim: () => requireClaim(paths, options.gatewayId, options.nonce),
    async apply(batch, bundle, { overtaken, ready } = {}) {
      const ordered = orderBatch(batch);
      const mine = `${process.pid}-${++batches}`;
      const stagedAs = (index: number | "marker") => join(staging, `${mine}-${index}`);
      /** The contents of the staging folder: the old file of a removal, or files that a failure left. */
      const staged = new Set<number | "marker">();
      try {
        await stageAndApply();
      } finally {
        // A disk that is full must not fill up further.
        await inParallel([...staged], flushedAtOnce, (index) => files.removeTree(stagedAs(index))).catch(
          () => undefined,
        );
      }

      async function stageMarker() {
        const { marker } = await bundle;
        staged.add("marker");
        await files.writeFlushed(stagedAs("marker"), marker, fileMode, group);
      }

      async function stageAndApply() {
        await faultPoint("staging");
        const staging = [
          stageMarker(),
          inParallel(ordered, flushedAtOnce, async (file, index) => {
            if (overtaken && index % checkedEvery === 0) await overtaken();
            staged.add(index);
            if (file.text !== null) await files.writeFlushed(stagedAs(index), file.text, fileMode, group);
          }),
        ];
        // Waits for all writes, so that none is still running when this function returns, even after a failure.
        const outcomes = await Promise.allSettled(staging);
        for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
        await faultPoint("staged");
        await overtaken?.();
        await ready?.();
        for (const turn of inTurns(ordered)) {
          await inParallel(turn.files, turn.width, async (file, offset) => {
            await faultPoint("applying");
            const index = turn.from + offset;
            const live = join(paths.applications, file.name);
            if (file.text === null) return removeInto(files, live, stagedAs(index));
            await files.rename(stagedAs(index), live);
            staged.delete(index);
          });
        }
        await faultPoint("applied");
        await faultPoint("marking");
        await files.rename(stagedAs("marker"), paths.marker);
        staged.delete("marker");
        await faultPoint("marked");
        await Promise.all([files.syncFolder(paths.applications), files.syncFolder(paths.dynamic)]);
        await faultPoint("flushed");
      }
    },
    read,
    async digests(names) {
      const digests = new Map<string, string | null>();
      await inParallel(names, readAtOnce, async (name) => {
        const text = await read(name);
        digests.set(name, text === null ? null : fileDigest(text));
      });
      return digests;
    },
    readMarker: () => files.readFile(paths.marker),
    names: () => files.readdir(paths.applications),
    foreignFiles: (unknown) => findForeignFiles(paths, unknown, options.pace),
  };
}

/**
 * Groups a batch by order. Each file that only opens concerns one application, so these files are safe in any order.
 * All other files are applied one by one.
 */
function inTurns(ordered: readonly PlannedFile[]) {
  const opens = ordered.flatMap(({ effect }, index) => (effect === "opens" ? [index] : []));
  const [from, to] = [opens[0] ?? ordered.length, (opens.at(-1) ?? ordered.length - 1) + 1];
  return [
    { from: 0, files: ordered.slice(0, from), width: 1 },
    { from, files: ordered.slice(from, to), width: renamedAtOnce },
    { from: to, files: ordered.slice(to), width: 1 },
  ];
}

/**
 * Removes a file by renaming it into the staging folder, so that the removal fails for a fenced leader. A file that
 * does not exist needs no removal. To tell this case from a missing staging folder, the function creates the file that
 * should be there.
 */
async function removeInto(files: FileOperations, live: string, away: string): Promise<void> {
  try {
    await files.rename(live, away);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await files.writeFlushed(away, "", fileMode, undefined);
  }
}
