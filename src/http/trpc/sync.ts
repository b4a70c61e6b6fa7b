import { SyncStatus, SyncStatusInput, SyncWaited, WaitForSync } from "../../features/sync/contract";
import { getSyncStatus } from "../../features/sync/status";
import { waitForSync } from "../../features/sync/wait";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const sync = t.router({
  status: procedure("sync:read", of.gatewayOrCaller)
    .input(SyncStatusInput)
    .output(SyncStatus)
    .query(({ ctx, input }) => getSyncStatus(ctx.authorized, input.gatewayId)),
  wait: procedure("sync:read", of.applicationOrChange)
    .input(WaitForSync)
    .output(SyncWaited)
    .query(({ ctx, input, signal }) => {
      ctx.slot.release(); // it waits from now on: waits have bounds of their own
      return waitForSync(ctx.authorized, input, signal);
    }),
});
