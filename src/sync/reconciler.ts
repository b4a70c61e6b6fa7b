import type { Logger } from "pino";
import type { Clock, RandomBytes } from "../core/values";
import { LeaseLost } from "../persistence/as-sync";
import type { Database } from "../persistence/database";
import type { Sealer } from "../persistence/sealing";
import { endLease, type Lease, recordCause, renewLease } from "../persistence/sync/lease";
import { compareUntilOver } from "./comparison-loop";
import { markerOf, planShared } from "./deliver";
import { deliverUntilOver } from "./delivery-loop";
import { type FileSystem, realFileSystem } from "./file-system";
import { fileTarget } from "./file-target";
import { openGateway } from "./gateway";
import { type GatewayClient, gatewayClient } from "./gateway-client";
import { type FolderSettings, placesIn } from "./gateway-folder";
import type { Leading } from "./leading";
import { Observer } from "./observer";
import { type Pace, realPace } from "./pace";
import { Prover } from "./prover";
import { Repairs } from "./repairs";
import { type Candidate, holderName, type Standing, servedByMarker, takeLead } from "./take-lead";
import type { AtFaultPoint } from "./target";
import { Waker } from "./waker";

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

const usual: ReconcilerTiming = {
  leaseMs: 6_000,
  candidateMs: 1_000,
  compareMs: 600_000,
  proofRoundMs: 60_000,
  proofsPerSecond: 500,
};

/** `leads` is null before the first try, and false with a sentence where this disk does not hold the folder. */
export interface ReconcilerStatus {
  readonly leads: boolean | null;
  readonly why: string | null;
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
  const files = options.files ?? realFileSystem;
  const places = placesIn(options.folder.folder);
  const stopped = new AbortController();
  const waker = new Waker();
  let prover: Prover | null = null;
  let status: ReconcilerStatus = { leads: null, why: null };
  let running: Promise<void> = Promise.resolve();
  let settle: (status: ReconcilerStatus) => void = () => undefined;
  const ready = new Promise<ReconcilerStatus>((resolve) => {
    settle = resolve;
  });

  const candidate: Candidate = {
    ...options,
    files,
    holder: holderName(options.random),
    leaseMs: timing.leaseMs,
    alone: options.alone ?? false,
  };

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const standing = await stand();
      if (standing.leads) await lead(standing);
      else await pace.sleep(timing.candidateMs, stopped.signal);
    }
  }

  async function stand(): Promise<Standing> {
    try {
      // A term's staging folder belongs to one holder, and a term that was lost is not taken up again.
      const standing = await takeLead({ ...candidate, holder: holderName(options.random) });
      const why = standing.leads ? null : standing.why;
      if (why !== null && why !== status.why) {
        options.log.error({ gatewayId: options.gatewayId }, `nothing is delivered to this gateway from here: ${why}`);
      }
      status = { leads: standing.leads, why };
      if (!standing.leads) settle(status);
      return standing;
    } catch (error) {
      const why = "the gateway's folder or the database cannot be used";
      options.log.error({ gatewayId: options.gatewayId, err: error }, why);
      status = { leads: false, why };
      settle(status);
      return { leads: false, why };
    }
  }

  async function lead(standing: Extract<Standing, { leads: true }>): Promise<void> {
    const over = new AbortController();
    const end = () => over.abort();
    stopped.signal.addEventListener("abort", end, { once: true });
    if (stopped.signal.aborted) end();
    const client = (options.client ?? gatewayClient)();
    over.signal.addEventListener("abort", () => client.close(), { once: true });
    try {
      const gateway = openGateway(standing.row, options.sealer);
      const { lease, nonce } = standing;
      const at: AtFaultPoint = options.faultPoint ?? (() => undefined);
      const target = fileTarget({
        places,
        term: lease.term,
        holder: lease.holder,
        group: options.folder.group,
        files,
        at,
      });
      const leading: Leading = { ...options, lease, gateway, target, places, nonce, pace, at, over: over.signal };
      const observer = new Observer(
        leading,
        client,
        standing.row.epoch,
        standing.row.loadedRevision,
        async (wentBack) => {
          if (wentBack) await proving.recall();
          proving.wake();
          options.onProgress?.();
        },
      );
      const proving = new Prover(leading, client, () => observer.loaded, {
        perSecond: timing.proofsPerSecond,
        roundMs: timing.proofRoundMs,
      });
      prover = proving;
      const repairs = new Repairs();
      await findUnfit(leading, standing.row.epoch, repairs);
      await proving.recall();

      const untilOver = (task: Promise<void>) => task.catch((error: unknown) => failed(error)).finally(end);
      const failed = (error: unknown) => {
        if (error instanceof LeaseLost) options.log.warn({ gatewayId: lease.gatewayId }, error.message);
        else options.log.error({ gatewayId: lease.gatewayId, err: error }, "a part of the sync ended");
      };
      const delivering = deliverUntilOver({
        leading,
        waker,
        repairs,
        loadMs: () => observer.loadMs,
        onDelivered: ({ delivery, markerAt, applications }) => {
          for (const application of applications) proving.add(application, application.closes ? "closes" : "changed");
          observer.expect(delivery, markerAt);
          options.onProgress?.();
        },
        causeStands: standing.row.cause !== null,
        onFailed: () => proving.recall(),
        onSettled: () => settle(status),
      });
      await Promise.all([
        untilOver(delivering),
        untilOver(renewUntilOver(leading)),
        untilOver(observer.run()),
        untilOver(proving.run()),
        untilOver(compareUntilOver(leading, repairs, timing.compareMs, () => waker.ring())),
      ]);
      await endLease(options.database, lease);
    } catch (error) {
      options.log.error({ gatewayId: options.gatewayId, err: error }, "leading the gateway failed");
      settle(status);
      await giveUp(standing.lease).catch(() => undefined); // without the database nobody can be told
      await pace.sleep(timing.candidateMs, stopped.signal);
    } finally {
      prover = null;
      client.close();
      stopped.signal.removeEventListener("abort", end);
    }
  }

  /** Says that nothing is delivered, and lets another process try. */
  async function giveUp(lease: Lease): Promise<void> {
    await recordCause(options.database, lease, "The gateway cannot be led; the log says why.", options.clock.now());
    await endLease(options.database, lease);
  }

  async function renewUntilOver({ lease, over }: Leading): Promise<void> {
    while (!over.aborted) {
      await pace.sleep(timing.leaseMs / 3, over);
      if (over.aborted) return;
      try {
        await renewLease(options.database, lease, timing.leaseMs);
      } catch (error) {
        // Without the database nothing can be numbered either; what must not happen is to go on after another term.
        if (error instanceof LeaseLost) throw error;
        options.log.warn({ gatewayId: lease.gatewayId, err: error }, "the lease could not be renewed");
      }
    }
  }

  return {
    start() {
      running = run();
    },
    wake: () => waker.ring(),
    prioritize: (applicationId) => prover?.prioritize(applicationId),
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
async function findUnfit({ target, gateway }: Leading, epoch: string, repairs: Repairs): Promise<void> {
  const shared = planShared(gateway);
  if ((await target.read(shared.name)) !== shared.text) repairs.shared();
  const text = await target.readMarker();
  const served = servedByMarker(text);
  if (served === null || served.epoch !== epoch || markerOf(gateway, served).text !== text) repairs.marker();
}
