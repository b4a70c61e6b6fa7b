import type { Logger } from "pino";
import { LeaseLost } from "../../database/as-sync";
import type { Database } from "../../database/database";
import type { Sealer } from "../../database/sealing";
import { backoff } from "../../platform/backoff";
import { Repeats } from "../../platform/repeats";
import { Waker } from "../../platform/signal";
import { type Pace, realPace } from "../../platform/timer";
import type { Clock, RandomBytes } from "../../platform/values";
import { passTag } from "../../traefik/compiler/compile-shared";
import { connectLocally } from "../agent/local-connection";
import { type FileSystem, realFileSystem } from "../applier/file-system";
import type { FolderSettings } from "../applier/gateway-folder";
import { openGateway } from "../planner/gateway";
import { markerOf, planShared } from "../planner/plan-delivery";
import { type GatewayClient, gatewayClient } from "../prober/gateway-client";
import type { GatewayConnection } from "../protocol/gateway-connection";
import type { Prober } from "../protocol/prober";
import { servedByMarker } from "../protocol/served-delivery";
import type { AtFaultPoint } from "../protocol/target";
import { causeOf, textOf, type Why, whyOf } from "./cause-of";
import { compareUntilOver } from "./comparison-loop";
import { deliverUntilOver } from "./delivery-loop";
import { holderName, type Standing, takeLead } from "./elect-leader";
import type { LeaderContext } from "./leader-context";
import { endLease, recordCauseUnled, renewLease } from "./lease";
import { proberReports } from "./prober-reports";
import { Repairs } from "./repair-queue";

export interface ReconcilerOptions {
  readonly gatewayId: string;
  readonly folder: FolderSettings;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** No other process can have this database open (the embedded one): its lease is free from the start. */
  readonly alone?: boolean;
  readonly pace?: Pace;
  readonly files?: FileSystem;
  readonly faultPoint?: AtFaultPoint;
  readonly timing?: Partial<ReconcilerTiming>;
  readonly client?: () => GatewayClient;
  /** Where the applier and the prober are not in this process: reaches them, once for each attempt to lead. */
  readonly connect?: () => Promise<GatewayConnection>;
  /** Told of every status that leads differently than the one before, or has another cause. */
  readonly onStatus?: (status: ReconcilerStatus) => void;
  /** Told that something was delivered, loaded or proven, and recorded. */
  readonly onProgress?: () => void;
}

export interface ReconcilerTiming {
  /** How long a lease runs without being renewed, in ms. */
  readonly leaseMs: number;
  /** How often a process that does not lead looks whether it could, in ms. */
  readonly candidateMs: number;
  /** Time between two full comparisons, in ms. */
  readonly compareMs: number;
  /** A round of asking again what is proven takes at least this, in ms. */
  readonly proofRoundMs: number;
  /** Questions to the gateway in proving, most a second. */
  readonly proofsPerSecond: number;
}

/** After failed tries the next one waits up to so many times `candidateMs`: what is put right is found within seconds. */
const mostCandidates = 5;

const usual: ReconcilerTiming = {
  leaseMs: 6_000,
  candidateMs: 1_000,
  compareMs: 600_000,
  proofRoundMs: 60_000,
  proofsPerSecond: 500,
};

export interface ReconcilerStatus {
  /** Null before the first try. */
  readonly leads: boolean | null;
  /**
   * What keeps this process from leading the gateway, or from writing to the folder of one that it leads. Null where
   * nothing does.
   */
  readonly why: Why | null;
}

/** Delivers to one gateway and proves what it enforces, while this process leads it. */
export interface Reconciler {
  start(): void;
  /** Something may be pending; a hint. */
  wake(): void;
  /** Somebody waits for this application to be enforced. */
  prioritize(applicationId: string): void;
  status(): ReconcilerStatus;
  /** Resolves when the first try is over: everything that was pending is delivered or failed, or somebody else leads. */
  readonly ready: Promise<ReconcilerStatus>;
  /** Finishes the write under way and lets the next process in. */
  stop(): Promise<void>;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const timing = { ...usual, ...options.timing };
  const pace = options.pace ?? realPace;
  const at: AtFaultPoint = options.faultPoint ?? (() => undefined);
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
  /** Of parts of a term that ended by an error; a term that is led does not mean that they are over. */
  const ended = new Repeats();

  function become(next: ReconcilerStatus): void {
    const isNew = next.leads !== status.leads || next.why?.cause !== status.why?.cause;
    status = next;
    if (isNew) options.onStatus?.(next);
  }

  async function run(): Promise<void> {
    let failures = 0;
    const limits = { firstMs: timing.candidateMs, mostMs: mostCandidates * timing.candidateMs };
    while (!stopped.signal.aborted) {
      const outcome = await attempt();
      failures = outcome === "failed" ? failures + 1 : 0;
      if (outcome === "failed") await pace.sleep(backoff(failures, limits), stopped.signal);
      if (outcome === "waits") await pace.sleep(timing.candidateMs, stopped.signal);
    }
  }

  /** The applier and the prober: in this process, unless the options say where else. */
  async function connect(): Promise<GatewayConnection> {
    if (options.connect) return options.connect();
    const { files = realFileSystem, client = gatewayClient } = options;
    return connectLocally({ ...options, files, client: () => client(), pace, at });
  }

  /** One try to lead, and the whole term where it succeeds. */
  async function attempt(): Promise<"ended" | "waits" | "failed"> {
    let connection: GatewayConnection | null = null;
    let standing: Standing;
    try {
      connection = await connect();
      // A term's staging folder belongs to one holder, and a term that was lost is not taken up again.
      const holder = holderName(options.random);
      const { applier } = connection;
      standing = await takeLead({
        ...options,
        applier,
        holder,
        leaseMs: timing.leaseMs,
        alone: options.alone ?? false,
      });
    } catch (error) {
      connection?.close();
      await sayWhy(error);
      return "failed";
    }
    try {
      if (standing.leads) return await lead(standing, connection);
    } finally {
      connection.close();
    }
    becomeGood(false);
    settle(status);
    return "waits";
  }

  /** The gateway is led, from here or by another process. */
  function becomeGood(leads: boolean): void {
    become({ leads, why: null });
    if (problems.over()) options.log.info({ gatewayId: options.gatewayId }, "the gateway can be led again");
  }

  /** In the log, now and then; in the database, where nobody else leads; and to whoever waits for the start. */
  async function sayWhy(error: unknown): Promise<void> {
    const { gatewayId, log, database, clock } = options;
    const why = whyOf(error, "cannot_lead");
    const { cause, detail } = why;
    become({ leads: false, why });
    settle(status);
    const silent = problems.due(cause, pace.now());
    if (silent !== null) {
      log.error({ gatewayId, cause, err: error, silent }, `nothing is delivered to this gateway from here: ${detail}`);
    }
    // Without the database nobody can be told.
    await recordCauseUnled(database, gatewayId, textOf(cause), clock.now()).catch(() => undefined);
  }

  async function lead(
    { lease, target, row }: Extract<Standing, { leads: true }>,
    connection: GatewayConnection,
  ): Promise<"ended" | "failed"> {
    const over = new AbortController();
    const end = () => over.abort();
    stopped.signal.addEventListener("abort", end, { once: true });
    if (stopped.signal.aborted) end();
    try {
      const gateway = openGateway(row, options.sealer);
      const leader: LeaderContext = { ...options, lease, gateway, target, pace, at, over: over.signal };
      const watched = {
        ...gateway,
        epoch: row.epoch,
        loadedRevision: row.loadedRevision,
        tags: gateway.state.tags,
        passTag: passTag(gateway.state),
        perSecond: timing.proofsPerSecond,
        roundMs: timing.proofRoundMs,
      };
      const proving = connection.watch(watched, proberReports(leader), over.signal);
      prober = proving;
      const repairs = new Repairs();
      await findUnfit(leader, row.epoch, repairs);
      await proving.recall();
      becomeGood(true);

      let outcome: "ended" | "failed" = "ended";
      const untilOver = (task: Promise<void>) => task.catch((error: unknown) => failed(error)).finally(end);
      const failed = (error: unknown) => {
        if (error instanceof LeaseLost) return options.log.warn({ gatewayId: lease.gatewayId }, error.message);
        outcome = "failed";
        const silent = ended.due(causeOf(error), pace.now());
        if (silent === null) return;
        options.log.error({ gatewayId: lease.gatewayId, err: error, silent }, "a part of the sync ended");
      };
      const delivering = deliverUntilOver({
        leader,
        waker,
        repairs,
        loadMs: () => proving.loadMs,
        onMarked: (delivery, markerAt) => proving.marked(delivery, markerAt),
        onDelivered: ({ bundle }) => {
          proving.recorded(bundle.revision, bundle.probes);
          options.onProgress?.();
        },
        onFailed: () => proving.failed(),
        onFolder: (why) => become({ leads: true, why }),
        onSettled: () => settle(status),
      });
      await Promise.all([
        untilOver(delivering),
        untilOver(renewUntilOver(leader)),
        untilOver(proving.run()),
        untilOver(compareUntilOver(leader, repairs, timing.compareMs, () => waker.ring())),
      ]);
      await endLease(options.database, lease);
      return outcome;
    } catch (error) {
      await endLease(options.database, lease).catch(() => undefined); // it ends by itself a little later
      await sayWhy(error);
      return "failed";
    } finally {
      prober = null;
      end();
      stopped.signal.removeEventListener("abort", end);
    }
  }

  async function renewUntilOver({ lease, over }: LeaderContext): Promise<void> {
    const repeats = new Repeats();
    while (!over.aborted) {
      await pace.sleep(timing.leaseMs / 3, over);
      if (over.aborted) return;
      try {
        await renewLease(options.database, lease, timing.leaseMs);
        repeats.over();
      } catch (error) {
        // Without the database nothing can be numbered either; what must not happen is to go on after another term.
        if (error instanceof LeaseLost) throw error;
        const silent = repeats.due(causeOf(error), pace.now());
        if (silent === null) continue;
        options.log.warn({ gatewayId: lease.gatewayId, err: error, silent }, "the lease could not be renewed");
      }
    }
  }

  return {
    start() {
      running = run();
    },
    wake: () => waker.ring(),
    prioritize: (applicationId) => prober?.prioritize(applicationId),
    status: () => status,
    ready,
    async stop() {
      stopped.abort();
      waker.ring();
      await running;
    },
  };
}

/** What the gateway must have before it starts, applications or none: the shared file, and a marker of this epoch. */
async function findUnfit({ target, gateway }: LeaderContext, epoch: string, repairs: Repairs): Promise<void> {
  const shared = planShared(gateway);
  if ((await target.read(shared.name)) !== shared.text) repairs.shared();
  const text = await target.readMarker();
  const served = servedByMarker(text);
  if (served === null || served.epoch !== epoch || markerOf(gateway, served).text !== text) repairs.marker();
}
