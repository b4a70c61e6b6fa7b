import { join } from "node:path";
import { orderBatch } from "../core/traefik/order-batch";
import type { CompiledFile } from "../core/traefik/state";
import { type FileSystem, isMissing } from "./file-system";
import { fileMode, type Places } from "./gateway-folder";
import { inParallel } from "./in-parallel";
import type { AtFaultPoint, PlannedFile, Target } from "./target";

/** Files flushed at the same time. */
const flushedAtOnce = 16;

interface FileTargetOptions {
  readonly places: Places;
  readonly term: number;
  /** The holder of the lease: a folder of its own below the term's, that nobody else ever makes. */
  readonly holder: string;
  readonly group: number | undefined;
  readonly files: FileSystem;
  readonly at: AtFaultPoint;
}

/** Where a leader of a term stages. */
export function stagingOf(places: Places, term: number, holder: string): string {
  return join(places.staging, String(term), holder);
}

/**
 * Takes every staging folder of another term away: whatever a paused leader of it renames from now on fails.
 * First act of a new term, before anything else.
 */
export async function fenceOlderTerms(places: Places, term: number, files: FileSystem): Promise<void> {
  const names = (await files.readdir(places.staging)).filter((name) => name !== String(term));
  for (const name of names) {
    const away = join(places.staging, String(term), `away-${name}`);
    await files.removeTree(away);
    try {
      await files.rename(join(places.staging, name), away);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await files.removeTree(away);
  }
}

/** The folder of a gateway on this disk. Needs the staging folder of its term to exist. */
export function fileTarget(options: FileTargetOptions): Target {
  const { places, files, group, at } = options;
  const staging = stagingOf(options.places, options.term, options.holder);
  let batches = 0;

  return {
    async apply(batch: readonly PlannedFile[], marker: CompiledFile) {
      const ordered = orderBatch(batch);
      const mine = `${process.pid}-${++batches}`;
      const stagedAs = (index: number | "marker") => join(staging, `${mine}-${index}`);
      try {
        await stageAndApply();
      } finally {
        // What a removal took out of the way, or a failure left behind; a full disk must not fill up further.
        await inParallel([...ordered.keys(), "marker" as const], flushedAtOnce, (index) =>
          files.removeTree(stagedAs(index)),
        ).catch(() => undefined);
      }

      async function stageAndApply() {
        await at("staging");
        await inParallel(ordered, flushedAtOnce, async (file, index) => {
          if (file.text !== null) await files.writeFlushed(stagedAs(index), file.text, fileMode, group);
        });
        await files.writeFlushed(stagedAs("marker"), marker.text, fileMode, group);
        await at("staged");
        for (const [index, file] of ordered.entries()) {
          await at("applying");
          const live = join(places.applications, file.name);
          if (file.text !== null) await files.rename(stagedAs(index), live);
          else await removeInto(files, live, stagedAs(index));
        }
        await at("applied");
        await at("marking");
        await files.rename(stagedAs("marker"), places.marker);
        await at("marked");
        await Promise.all([files.syncFolder(places.applications), files.syncFolder(places.dynamic)]);
        await at("flushed");
      }
    },
    read: (name) => files.readFile(join(places.applications, name)),
    readMarker: () => files.readFile(places.marker),
    names: () => files.readdir(places.applications),
  };
}

/**
 * A removal is a rename into the staging folder, so that it fails for whoever has been fenced. What is not there needs
 * no removal; a staging folder that is not there is told apart by making the file that should stand in it.
 */
async function removeInto(files: FileSystem, live: string, away: string): Promise<void> {
  try {
    await files.rename(live, away);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await files.writeFlushed(away, "", fileMode, undefined);
  }
}
