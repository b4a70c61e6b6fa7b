import type { Pace } from "#src/platform/timer";
import type { RandomBytes } from "#src/platform/values";
import type { Applier } from "../protocol/applier";
import type { FaultPointHook } from "../protocol/target";
import { claimFolder, removeClaim } from "./claim-folder";
import type { FileOperations } from "./file-operations";
import { fenceOlderTerms, fileTarget, stagingOf } from "./file-target";
import { type FolderSettings, pathsIn } from "./gateway-folder";
import { writeStaticConfiguration } from "./static-configuration";

interface FolderApplierOptions {
  readonly folder: FolderSettings;
  readonly files: FileOperations;
  readonly random: RandomBytes;
  readonly pace: Pace;
  readonly faultPoint: FaultPointHook;
}

/** Applies deliveries to the folder of a gateway on this disk. */
export function folderApplier({ folder, files, random, pace, faultPoint }: FolderApplierOptions): Applier {
  const paths = pathsIn(folder.folder);
  return {
    claim: (expected) => claimFolder(paths, expected, random),
    disclaim: () => removeClaim(paths),
    async prepare({ term, leaderId }, addresses) {
      await writeStaticConfiguration(addresses, folder);
      // The folder is created before the term begins. The leader finds it there, and no process creates it again after
      // its removal.
      await files.mkdir(stagingOf(paths, term, leaderId));
    },
    withdraw: ({ term, leaderId }) => files.removeTree(stagingOf(paths, term, leaderId)),
    async begin({ gatewayId, term, leaderId, nonce }) {
      await fenceOlderTerms(paths, term, files);
      return fileTarget({ paths, term, leaderId, gatewayId, nonce, group: folder.group, files, faultPoint, pace });
    },
  };
}
