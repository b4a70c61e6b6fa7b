import type { Waker } from "#src/platform/signal";
import { passTag } from "#src/traefik/compiler/compile-shared";
import type { Gateway } from "../planner/gateway";
import { markerOf, planShared } from "../planner/plan-delivery";
import type { GatewayConnection } from "../protocol/gateway-connection";
import type { Prober, WatchedGateway } from "../protocol/prober";
import { servedByMarker } from "../protocol/served-delivery";
import type { Why } from "./cause-of";
import type { ReconcilerTiming } from "./controller-settings";
import { DeliveryFailures } from "./delivery-failures";
import { DeliverySchedule } from "./delivery-schedule";
import type { LeaderContext } from "./leader-context";
import type { GatewayRow } from "./lease";
import { proberReports } from "./prober-reports";
import { Repairs } from "./repair-queue";

/** The parts that work together while a process leads a gateway. */
export interface Term {
  readonly leader: LeaderContext;
  readonly prober: Prober;
  readonly schedule: DeliverySchedule;
  readonly failures: DeliveryFailures;
  /** Differences that the comparison found, for the next delivery. */
  readonly repairs: Repairs;
}

interface TermOptions {
  readonly row: GatewayRow;
  readonly connection: GatewayConnection;
  readonly timing: ReconcilerTiming;
  readonly waker: Waker;
  readonly onFolder: (why: Why | null) => void;
  /** Called when there is nothing to deliver. */
  readonly onSettled: () => void;
}

/** Prepares a term: finds what the folder lacks, and what was delivered and not proven. */
export async function openTerm(leader: LeaderContext, options: TermOptions): Promise<Term> {
  const { row, connection, timing, waker, onFolder, onSettled } = options;
  const repairs = new Repairs();
  const failures = new DeliveryFailures(leader, onFolder);
  let loadMs = 0;
  const reports = proberReports(leader, (measured) => {
    loadMs = measured;
  });
  const prober = connection.watch(watched(leader.gateway, row, timing), reports, leader.over);
  const onIdle = async () => {
    await failures.clearCause();
    onSettled();
  };
  const schedule = new DeliverySchedule({ leader, repairs, waker, loadMs: () => loadMs, onIdle });
  await findMissingFiles(leader, row.epoch, repairs);
  await prober.recall();
  return { leader, prober, schedule, failures, repairs };
}

/** What the prober learns about a gateway. It receives no key. */
function watched(
  { gatewayId, address, probeAddress, secretHost, state }: Gateway,
  { epoch, loadedRevision }: GatewayRow,
  { proofsPerSecond, proofRoundMs }: ReconcilerTiming,
): WatchedGateway {
  return {
    gatewayId,
    address,
    probeAddress,
    secretHost,
    epoch,
    loadedRevision,
    tags: state.tags,
    passTag: passTag(state),
    perSecond: proofsPerSecond,
    roundMs: proofRoundMs,
  };
}

/**
 * Finds what the gateway must have before it starts, even without applications: the shared file, and a marker of this
 * epoch.
 */
async function findMissingFiles({ target, gateway }: LeaderContext, epoch: string, repairs: Repairs): Promise<void> {
  const shared = planShared(gateway);
  if ((await target.read(shared.name)) !== shared.text) repairs.shared();
  const text = await target.readMarker();
  const served = servedByMarker(text);
  if (served === null || served.epoch !== epoch || markerOf(gateway, served).text !== text) repairs.marker();
}
