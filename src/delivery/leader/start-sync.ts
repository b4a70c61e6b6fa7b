import type { Runtime } from "#src/access/runtime";
import { sealUntilOver } from "#src/audit/sealer";
import { Repeats } from "#src/platform/repeats";
import { Waker } from "#src/platform/signal";
import { realPace } from "#src/platform/timer";
import type { FolderSettings } from "../applier/gateway-folder";
import type { FaultPointHook } from "../protocol/target";
import { mailAlarmsUntilOver } from "./alarm-mails";
import type { ReconcilerTiming } from "./controller-settings";
import { listFileGateways } from "./lease";
import { createReconciler, type Reconciler, type ReconcilerStatus } from "./reconciler";
import { sweepUntilOver } from "./sweeper";

/**
 * The database channel for hints. The payload is gateway ids, separated by commas, or `<gateway>:<application>` if the
 * gateway is to be asked about an application.
 */
export const changesChannel = "portcullis_changes";

export interface SyncSettings {
  /** The folder of a gateway in this process; null if it has none. */
  readonly folderOf: (gateway: { readonly gatewayId: string; readonly name: string }) => FolderSettings | null;
  readonly timing?: Partial<ReconcilerTiming>;
  /** How long audit entries are kept, in days; 0 (the default) keeps them forever. */
  readonly auditRetentionDays?: number;
  readonly faultPoint?: FaultPointHook;
  /** Called when the standing of a gateway changes. */
  readonly onStatus?: (leaderships: readonly GatewayLeadership[]) => void;
  /** How often to look for gateways that other processes created or removed, if no notification arrives; in ms. */
  readonly lookAgainMs?: number;
}

export interface RunningSync {
  /** Changes were committed for these gateways: notifies the process that delivers to them. */
  wake(gatewayIds: readonly string[]): void;
  /** A caller waits for this application to be enforced. */
  prioritize(applicationId: string): void;
  /** Asks the process that leads the gateway to probe this application now. */
  prove(gatewayId: string, applicationId: string): void;
  /** The gateways whose folder this process has: whether it delivers to them, and if not, why. */
  status(): readonly GatewayLeadership[];
  /** Resolves after the first attempt to lead each gateway that is known at the start. */
  readonly ready: Promise<void>;
  /** Finishes the current writes. */
  stop(): Promise<void>;
}

/** The standing of this process towards one gateway. */
export interface GatewayLeadership extends ReconcilerStatus {
  readonly gatewayId: string;
  readonly name: string;
}

const usualLookAgainMs = 5_000;
const listenAgainMs = 1_000;

/**
 * Delivers to every gateway whose folder this process has, sends messages about alarms, seals the audit log, and removes
 * expired rows.
 */
export function startSync(runtime: Runtime, settings: SyncSettings): RunningSync {
  const { database, log, clock, signer } = runtime;
  const { lookAgainMs = usualLookAgainMs } = settings;
  const pace = realPace;
  const stopped = new AbortController();
  const over = stopped.signal;
  const whenStopped = aborted(over);
  const reconcilers = new Map<string, Reconciler>();
  const names = new Map<string, string>();
  const looking = new Waker();
  const alarms = new Waker();
  const repeats = new Repeats();
  const hints = new Repeats();
  let looked: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    looked = resolve;
  });

  function leaderships(): GatewayLeadership[] {
    return [...reconcilers].map(([gatewayId, reconciler]) => {
      return { gatewayId, name: names.get(gatewayId) ?? gatewayId, ...reconciler.status() };
    });
  }

  async function look(): Promise<void> {
    const found = await listFileGateways(database);
    for (const { gatewayId, name } of found) names.set(gatewayId, name);
    for (const gateway of found) {
      const folder = settings.folderOf(gateway);
      if (folder === null || reconcilers.has(gateway.gatewayId) || over.aborted) continue;
      const { timing, faultPoint } = settings;
      const reconciler = createReconciler({
        ...runtime,
        gatewayId: gateway.gatewayId,
        folder,
        alone: database.kind === "embedded",
        onProgress: () => runtime.waits.wake(),
        onAlarm: () => alarms.ring(),
        ...(timing ? { timing } : {}),
        ...(faultPoint ? { faultPoint } : {}),
        onStatus: () => settings.onStatus?.(leaderships()),
      });
      reconcilers.set(gateway.gatewayId, reconciler);
      reconciler.start();
    }
    for (const [gatewayId, reconciler] of reconcilers) {
      if (found.some((gateway) => gateway.gatewayId === gatewayId)) continue;
      reconcilers.delete(gatewayId);
      await reconciler.stop();
    }
  }

  async function lookUntilOver(): Promise<void> {
    while (!over.aborted) {
      try {
        await look();
        await Promise.race([Promise.all([...reconcilers.values()].map((reconciler) => reconciler.ready)), whenStopped]);
        looked();
        repeats.over();
      } catch (error) {
        if (over.aborted) return;
        const silent = repeats.due("list", pace.now());
        if (silent !== null) log.warn({ err: error, silent }, "the gateways could not be listed");
      }
      await looking.wait(lookAgainMs, pace, over);
    }
  }

  const hinted = (payload: string) => {
    for (const hint of payload.split(",")) {
      const [gatewayId = "", applicationId] = hint.split(":");
      const reconciler = reconcilers.get(gatewayId);
      if (applicationId !== undefined) reconciler?.prove(applicationId);
      else if (reconciler) reconciler.wake();
      else looking.ring();
    }
  };

  function sendHint(payload: string): void {
    database.hint(changesChannel, payload).catch((error: unknown) => {
      log.debug({ err: error }, "could not send a hint");
    });
  }

  async function listenUntilOver(): Promise<void> {
    while (!over.aborted) {
      try {
        const end = await database.listen(changesChannel, hinted);
        hints.over();
        await whenStopped;
        await end();
      } catch (error) {
        if (over.aborted) return;
        const silent = hints.due("listen", pace.now());
        if (silent !== null) {
          log.warn(
            { err: error, silent },
            "cannot listen for hints of other processes; the timer finds pending changes",
          );
        }
        await pace.sleep(listenAgainMs, over);
      }
    }
  }

  const running = [
    lookUntilOver(),
    listenUntilOver(),
    // A stop does not wait for the mail server. A message that was not recorded is sent again after the next start.
    Promise.race([
      mailAlarmsUntilOver({ ...runtime, pace, url: runtime.signIn.publicOrigin }, alarms, over),
      whenStopped,
    ]),
    sealUntilOver({ database, clock, log, pace }, over),
    sweepUntilOver({ database, clock, log, pace, signer, auditRetentionDays: settings.auditRetentionDays ?? 0 }, over),
  ];

  return {
    wake(gatewayIds) {
      const elsewhere: string[] = [];
      for (const gatewayId of gatewayIds) {
        const reconciler = reconcilers.get(gatewayId);
        if (reconciler?.status().leads) reconciler.wake();
        else elsewhere.push(gatewayId);
      }
      if (elsewhere.length === 0 || over.aborted) return;
      // This is only a hint: without it, pending changes are found one second later.
      sendHint(elsewhere.join(","));
    },
    prioritize(applicationId) {
      for (const reconciler of reconcilers.values()) reconciler.prioritize(applicationId);
    },
    prove(gatewayId, applicationId) {
      const reconciler = reconcilers.get(gatewayId);
      if (reconciler?.status().leads) return reconciler.prove(applicationId);
      if (!over.aborted) sendHint(`${gatewayId}:${applicationId}`);
    },
    status: leaderships,
    ready,
    async stop() {
      stopped.abort();
      looked();
      await Promise.all(running);
      await Promise.all([...reconcilers.values()].map((reconciler) => reconciler.stop()));
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
