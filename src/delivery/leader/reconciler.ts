import type { Logger } from "pino";
import { LeaseLost } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import { Repeats } from "#src/platform/repeats";
import { Waker } from "#src/platform/signal";
import { type Pace, realPace } from "#src/platform/timer";
import type { Clock, RandomBytes } from "#src/platform/values";
import { connectLocally } from "../agent/local-connection";
import { type FileOperations, realFileOperations } from "../applier/file-operations";
import type { FolderSettings } from "../applier/gateway-folder";
import { type GatewayClient, gatewayClient } from "../prober/gateway-client";
import type { GatewayConnection } from "../protocol/gateway-connection";
import type { Prober } from "../protocol/prober";
import type { FaultPointHook } from "../protocol/target";
import { causeOf, type Why, whyOf } from "./cause-of";
import { control } from "./controller";
import { type Controller, type ReconcilerTiming, usualTiming } from "./controller-settings";
import { recordCauseUnled } from "./lease";
import { readProofTasks } from "./proofs";

export interface ReconcilerOptions {
  readonly gatewayId: string;
  readonly folder: FolderSettings;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** No other process can have this database open (the embedded one), so its lease is free from the start. */
  readonly alone?: boolean;
  readonly pace?: Pace;
  readonly files?: FileOperations;
  readonly faultPoint?: FaultPointHook;
  readonly timing?: Partial<ReconcilerTiming>;
  readonly client?: () => GatewayClient;
  /** Connects to the applier and the prober if they run in another process; called once for each attempt to lead. */
  readonly connect?: () => Promise<GatewayConnection>;
  /** Called with every status whose `leads` or cause differs from the previous one. */
  readonly onStatus?: (status: ReconcilerStatus) => void;
  /** Called after a delivery, load or proof was recorded. */
  readonly onProgress?: () => void;
  /** Called after an alarm was recorded: a visitor was let in where the gateway should refuse. */
  readonly onAlarm?: () => void;
}

export interface ReconcilerStatus {
  /** Null before the first attempt. */
  readonly leads: boolean | null;
  /**
   * What prevents this process from leading the gateway, or from writing to the folder of a gateway that it leads. Null
   * if nothing does.
   */
  readonly why: Why | null;
}

/** Delivers to one gateway and proves what it enforces, while this process leads it. */
export interface Reconciler {
  start(): void;
  /** Hints that changes may be pending. */
  wake(): void;
  /** A caller waits for this application to be enforced. */
  prioritize(applicationId: string): void;
  /** Probes this application now, if this process leads the gateway. */
  prove(applicationId: string): void;
  status(): ReconcilerStatus;
  /** Resolves after the first attempt: all pending changes are delivered or failed, or another process leads. */
  readonly ready: Promise<ReconcilerStatus>;
  /** Finishes the current write and lets the next process lead. */
  stop(): Promise<void>;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { gatewayId, log, database, clock } = options;
  const pace = options.pace ?? realPace;
  const faultPoint: FaultPointHook = options.faultPoint ?? (() => undefined);
  const stopped = new AbortController();
  const waker = new Waker();
  let prober: Prober | null = null;
  let status: ReconcilerStatus = { leads: null, why: null };
  let running: Promise<void> = Promise.resolve();
  let settle: (status: ReconcilerStatus) => void = () => undefined;
  const ready = new Promise<ReconcilerStatus>((resolve) => {
    settle = resolve;
  });
  const problems = new Repeats();
  /** Parts of a term that stopped with an error. A new term does not mean that the problem is solved. */
  const ended = new Repeats();

  function become(next: ReconcilerStatus): void {
    const isNew = next.leads !== status.leads || next.why?.cause !== status.why?.cause;
    status = next;
    if (isNew) options.onStatus?.(next);
  }

  /** Connects to the applier and the prober: in this process, unless the options provide a connection. */
  async function connect(): Promise<GatewayConnection> {
    if (options.connect) return options.connect();
    const { files = realFileOperations, client = gatewayClient } = options;
    return connectLocally({ ...options, files, client: () => client(), pace, faultPoint });
  }

  /**
   * Reports why this process cannot lead: in the log at growing intervals, in the database if no other process leads,
   * and to the callers that wait for startup.
   */
  async function reportCause(error: unknown): Promise<void> {
    const why = whyOf(error, "cannot_lead");
    const { cause, detail } = why;
    prober = null;
    become({ leads: false, why });
    settle(status);
    const silent = problems.due(cause, pace.now());
    if (silent !== null) {
      log.error({ gatewayId, cause, err: error, silent }, `this process cannot deliver to the gateway: ${detail}`);
    }
    // If the database fails too, there is no other place to record the cause.
    await recordCauseUnled(database, gatewayId, cause, clock.now()).catch(() => undefined);
  }

  const controller: Controller = {
    ...options,
    alone: options.alone ?? false,
    timing: { ...usualTiming, ...options.timing },
    pace,
    faultPoint,
    waker,
    connect,
    onLed(own) {
      prober = own;
      become({ leads: own !== null, why: null });
      if (problems.over()) log.info({ gatewayId }, "the gateway can be led again");
      if (own === null) settle(status);
    },
    onUnled: reportCause,
    onFolder: (why) => become({ leads: true, why }),
    onSettled: () => settle(status),
    onEnded(error) {
      if (error instanceof LeaseLost) return log.warn({ gatewayId }, error.message);
      const silent = ended.due(causeOf(error), pace.now());
      if (silent !== null) log.error({ gatewayId, err: error, silent }, "a part of the sync stopped");
    },
  };

  return {
    start() {
      running = control(controller, stopped.signal);
    },
    wake: () => waker.ring(),
    prioritize: (applicationId) => prober?.prioritize(applicationId),
    prove(applicationId) {
      if (prober === null) return;
      readProofTasks(database, gatewayId, [applicationId])
        .then((tasks) => {
          for (const task of tasks) prober?.probe(task);
        })
        .catch((error: unknown) =>
          log.warn({ err: error, applicationId }, "an application could not be probed on request"),
        );
    },
    status: () => status,
    ready,
    async stop() {
      stopped.abort();
      waker.ring();
      await running;
    },
  };
}
