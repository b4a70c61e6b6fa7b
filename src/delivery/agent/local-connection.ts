import type { Logger } from "pino";
import type { Pace } from "#src/platform/timer";
import type { Clock, RandomBytes } from "#src/platform/values";
import type { FileOperations } from "../applier/file-operations";
import { folderApplier } from "../applier/folder-applier";
import type { FolderSettings } from "../applier/gateway-folder";
import type { GatewayClient } from "../prober/gateway-client";
import { gatewayProber } from "../prober/gateway-prober";
import type { GatewayConnection } from "../protocol/gateway-connection";
import type { FaultPointHook } from "../protocol/target";

export interface LocalGateway {
  readonly folder: FolderSettings;
  readonly files: FileOperations;
  /** Creates the gateway client for one term. */
  readonly client: () => GatewayClient;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly faultPoint: FaultPointHook;
}

/** Connects to the applier and the prober in this process. Calls and results are passed without serialization. */
export function connectLocally(local: LocalGateway): GatewayConnection {
  return {
    applier: folderApplier(local),
    watch(gateway, reports, over) {
      const client = local.client();
      over.addEventListener("abort", () => client.close(), { once: true });
      return gatewayProber({ ...local, gateway, reports, client, over });
    },
    close: () => undefined,
  };
}
