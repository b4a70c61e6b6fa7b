import type { Applier, Term } from "../protocol/applier";
import type { Bundle, PlannedFile } from "../protocol/bundle";
import type { GatewayConnection } from "../protocol/gateway-connection";
import { applierCalls, proberCalls, reportCalls } from "../protocol/messages";
import type { Call, Peer } from "../protocol/peer";
import type { Prober, ProberReports, WatchedGateway } from "../protocol/prober";
import { signBundle } from "../protocol/signed-bundle";
import type { Target, Turn } from "../protocol/target";

/**
 * Connects to the applier and the prober of a gateway in another process, which runs `serveGateway`.
 * @param key signs the bundles; see `deliveryKey`
 */
export function connectRemotely(peer: Peer, key: string): GatewayConnection {
  return {
    applier: remoteApplier(peer, key),
    watch: (gateway, reports, over) => remoteProber(peer, gateway, reports, over),
    close: () => send(peer, proberCalls.end, null),
  };
}

function remoteApplier(peer: Peer, key: string): Applier {
  return {
    claim: (expected) => peer.call(applierCalls.claim, expected),
    disclaim: () => ended(peer.call(applierCalls.disclaim, null)),
    prepare: (candidacy, addresses) => ended(peer.call(applierCalls.prepare, { candidacy, addresses })),
    withdraw: (candidacy) => ended(peer.call(applierCalls.withdraw, candidacy)),
    async begin(term: Term) {
      await peer.call(applierCalls.begin, term);
      return remoteTarget(peer, key);
    },
  };
}

function remoteTarget(peer: Peer, key: string): Target {
  return {
    requireClaim: () => ended(peer.call(applierCalls.requireClaim, null)),
    async apply(_files: readonly PlannedFile[], numbered: Bundle | Promise<Bundle>, { overtaken, ready }: Turn = {}) {
      const bundle = await numbered;
      await overtaken?.();
      await peer.call(applierCalls.stage, signBundle(bundle, key));
      try {
        await overtaken?.();
        await ready?.();
      } catch (error) {
        send(peer, applierCalls.drop, bundle.revision);
        throw error;
      }
      await peer.call(applierCalls.apply, bundle.revision);
    },
    read: (name) => peer.call(applierCalls.read, name),
    digests: async (names) => new Map(Object.entries(await peer.call(applierCalls.digests, [...names]))),
    readMarker: () => peer.call(applierCalls.readMarker, null),
    names: () => peer.call(applierCalls.names, null),
    async *foreignFiles(unknown) {
      for (let from: "start" | "here" = "start"; ; from = "here") {
        const { files, isLast } = await peer.call(applierCalls.foreignFiles, { from, unknown: [...unknown] });
        yield* files;
        if (isLast) return;
      }
    },
  };
}

function remoteProber(peer: Peer, gateway: WatchedGateway, reports: ProberReports, over: AbortSignal): Prober {
  peer.handle(reportCalls.isKnown, (served) => reports.isKnown(served));
  peer.handle(reportCalls.loaded, (report) => done(reports.loaded(report)));
  peer.handle(reportCalls.measured, async (loadMs) => {
    reports.measured(loadMs);
    return null;
  });
  peer.handle(reportCalls.missing, (report) => done(reports.missing(report)));
  peer.handle(reportCalls.condition, (condition) => done(reports.condition(condition)));
  peer.handle(reportCalls.unproven, (after) => reports.unproven(after));
  peer.handle(reportCalls.proven, async ({ after, limit }) => [...(await reports.proven(after, limit))]);
  peer.handle(reportCalls.proofs, async (results) => [...(await reports.proofs(results))]);
  over.addEventListener("abort", () => send(peer, proberCalls.end, null), { once: true });
  send(peer, proberCalls.watch, gateway);
  return {
    marked: () => undefined, // the other process renames the marker itself
    recorded: (revision) => send(peer, proberCalls.recorded, revision),
    failed: () => ended(peer.call(proberCalls.failed, null)),
    recall: () => ended(peer.call(proberCalls.recall, null)),
    prioritize: (applicationId) => send(peer, proberCalls.prioritize, applicationId),
    probe: (task) => send(peer, proberCalls.probe, task),
    async run() {
      await peer.call(proberCalls.run, null);
      const lost = await Promise.race([peer.closed, aborted(over)]);
      if (lost) throw lost;
    },
  };
}

/** Calls are answered in order. A call is lost only together with the connection, and that ends the term. */
function send<Input>(peer: Peer, call: Call<Input, null>, input: Input): void {
  peer.call(call, input).catch(() => undefined);
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}

async function done(work: Promise<void>): Promise<null> {
  await work;
  return null;
}

async function ended(work: Promise<null>): Promise<void> {
  await work;
}
