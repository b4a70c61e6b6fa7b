import type { Pace } from "../../platform/timer";
import type { RandomBytes } from "../../platform/values";
import type { Applier } from "../protocol/applier";
import type { AtFaultPoint } from "../protocol/target";
import { claimFolder, removeClaim } from "./claim-folder";
import type { FileSystem } from "./file-system";
import { fenceOlderTerms, fileTarget, stagingOf } from "./file-target";
import { type FolderSettings, pathsIn } from "./gateway-folder";
import { writeStaticConfiguration } from "./static-configuration";

interface FolderApplierOptions {
  readonly folder: FolderSettings;
  readonly files: FileSystem;
  readonly random: RandomBytes;
  readonly pace: Pace;
  readonly at: AtFaultPoint;
}

/** Applies deliveries to the folder of a gateway on this disk. */
export function folderApplier({ folder, files, random, pace, at }: FolderApplierOptions): Applier {
  const paths = pathsIn(folder.folder);
  return {
    claim: (expected) => claimFolder(paths, expected, random),
    disclaim: () => removeClaim(paths),
    async prepare({ term, holder }, addresses) {
      await writeStaticConfiguration(addresses, folder);
      // The folder is created before the term begins. The leader finds it there, and no process creates it again after
      // its removal.
      await files.mkdir(stagingOf(paths, term, holder));
    },
    withdraw: ({ term, holder }) => files.removeTree(stagingOf(paths, term, holder)),
    async begin({ gatewayId, term, holder, nonce }) {
      await fenceOlderTerms(paths, term, files);
      return fileTarget({ paths, term, holder, gatewayId, nonce, group: folder.group, files, at, pace });
    },
  };
}
