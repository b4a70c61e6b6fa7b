import type { Logger } from "pino";
import type { Pace } from "#src/platform/timer";
import type { Bundle, DeliveredApplication } from "../protocol/bundle";
import type { ForeignFileContent } from "../protocol/foreign-file";
import type { GatewayConnection } from "../protocol/gateway-connection";
import { applierCalls, proberCalls, reportCalls } from "../protocol/messages";
import type { Peer } from "../protocol/peer";
import type { Prober, ProberReports } from "../protocol/prober";
import type { Target } from "../protocol/target";
import { IncomingDeliveries } from "./incoming-deliveries";

interface ServedGateway {
  readonly gatewayId: string;
  /** Bundles may be signed with any of these keys. */
  readonly keys: readonly string[];
  /** The applier and the prober in this process. */
  readonly connection: GatewayConnection;
  readonly pace: Pace;
  readonly log: Logger;
}

/** Serves a leader in another process. Everything that it starts ends with the connection. */
export function serveGateway(peer: Peer, served: ServedGateway): void {
  serveApplier(peer, served, serveProber(peer, served));
}

/** @param onApplied called after the marker of a bundle was renamed */
function serveApplier(peer: Peer, served: ServedGateway, onApplied: (bundle: Bundle) => void): void {
  const { applier } = served.connection;
  const deliveries = new IncomingDeliveries(served.gatewayId, served.keys);
  const foreign = new ForeignWalk();
  peer.handle(applierCalls.claim, (expected) => applier.claim(expected));
  peer.handle(applierCalls.disclaim, () => done(applier.disclaim()));
  peer.handle(applierCalls.prepare, ({ candidacy, addresses }) => done(applier.prepare(candidacy, addresses)));
  peer.handle(applierCalls.withdraw, (candidacy) => done(applier.withdraw(candidacy)));
  peer.handle(applierCalls.begin, async (term) => {
    deliveries.requireNewer(term);
    await deliveries.begin(term, await applier.begin(term));
    return null;
  });
  peer.handle(applierCalls.requireClaim, () => done(deliveries.target.requireClaim()));
  peer.handle(applierCalls.read, (name) => deliveries.target.read(name));
  peer.handle(applierCalls.readMarker, () => deliveries.target.readMarker());
  peer.handle(applierCalls.names, async () => [...(await deliveries.target.names())]);
  peer.handle(applierCalls.digests, async (names) => Object.fromEntries(await deliveries.target.digests(names)));
  peer.handle(applierCalls.foreignFiles, ({ from, unknown }) => foreign.next(deliveries.target, from, unknown));
  peer.handle(applierCalls.stage, (signed) => done(deliveries.stage(signed)));
  peer.handle(applierCalls.drop, () => done(deliveries.drop()));
  peer.handle(applierCalls.apply, async (revision) => {
    onApplied(await deliveries.apply(revision));
    return null;
  });
  void peer.closed.then(() => deliveries.drop());
}

/** @returns a function to call with each applied bundle */
function serveProber(peer: Peer, { connection, pace, log }: ServedGateway): (bundle: Bundle) => void {
  /** Bundles that are applied and not known to be recorded, by revision. */
  const unrecorded = new Map<number, readonly DeliveredApplication[]>();
  let over = new AbortController();
  let prober: Prober | null = null;
  const required = () => {
    if (prober === null) throw new Error("no gateway is being watched");
    return prober;
  };
  peer.handle(proberCalls.watch, async (gateway) => {
    over.abort();
    over = new AbortController();
    unrecorded.clear();
    prober = connection.watch(gateway, reportsTo(peer), over.signal);
    return null;
  });
  peer.handle(proberCalls.recorded, async (revision) => {
    required().recorded(revision, unrecorded.get(revision) ?? []);
    unrecorded.delete(revision);
    return null;
  });
  peer.handle(proberCalls.failed, () => {
    unrecorded.clear();
    return done(required().failed());
  });
  peer.handle(proberCalls.recall, () => done(required().recall()));
  peer.handle(proberCalls.prioritize, async (applicationId) => {
    prober?.prioritize(applicationId);
    return null;
  });
  peer.handle(proberCalls.probe, async (task) => {
    prober?.probe(task);
    return null;
  });
  peer.handle(proberCalls.run, async () => {
    required()
      .run()
      .catch((error: unknown) => {
        log.error({ err: error }, "the prober stopped");
        peer.close("the prober stopped");
      });
    return null;
  });
  peer.handle(proberCalls.end, async () => {
    over.abort();
    return null;
  });
  void peer.closed.then(() => over.abort());
  return (bundle) => {
    unrecorded.set(bundle.revision, bundle.probes);
    prober?.marked(bundle, pace.now());
  };
}

function reportsTo(peer: Peer): ProberReports {
  return {
    isKnown: ({ epoch, revision, digest }) => peer.call(reportCalls.isKnown, { epoch, revision, digest }),
    loaded: (report) => ended(peer.call(reportCalls.loaded, report)),
    measured: (loadMs) => void peer.call(reportCalls.measured, loadMs).catch(() => undefined), // the next report replaces a lost one
    missing: (report) => ended(peer.call(reportCalls.missing, report)),
    condition: (condition) => ended(peer.call(reportCalls.condition, condition)),
    unproven: (after) => peer.call(reportCalls.unproven, after),
    proven: (after, limit) => peer.call(reportCalls.proven, { after, limit }),
    proofs: (results) => peer.call(reportCalls.proofs, [...results]),
  };
}

/** Iterates over the foreign files, a few with each call. */
class ForeignWalk {
  #files: AsyncIterator<ForeignFileContent> | null = null;

  async next(target: Target, from: "start" | "here", unknown: readonly string[]) {
    if (from === "start") this.#files = target.foreignFiles(unknown)[Symbol.asyncIterator]();
    const files: ForeignFileContent[] = [];
    for (let entries = 0; entries < entriesAtOnce; ) {
      const next = await this.#files?.next();
      if (next === undefined || next.done) {
        this.#files = null;
        return { files, isLast: true };
      }
      files.push(next.value);
      entries += 1 + next.value.hosts.length + next.value.names.length;
    }
    return { files, isLast: false };
  }
}

/** Files, hosts and names in one response. A single file with more entries may exceed the limit. */
const entriesAtOnce = 1_000;

async function done(work: Promise<void>): Promise<null> {
  await work;
  return null;
}

async function ended(work: Promise<null>): Promise<void> {
  await work;
}
