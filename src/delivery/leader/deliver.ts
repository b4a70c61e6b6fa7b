import { inPages } from "#src/platform/in-pages";
import { inParallel } from "#src/platform/in-parallel";
import { chainDigest } from "#src/traefik/compiler/chain-digest";
import { type DeliveryPlan, deliveredBy, markerOf } from "../planner/plan-delivery";
import { type DeliveredState, numberDelivery, recordApplied } from "../planner/record-delivery";
import type { Bundle } from "../protocol/bundle";
import type { Turn } from "../protocol/target";
import type { LeaderContext } from "./leader-context";

/** Applications written in one statement. */
const pageSize = 100;
/** Outbox rows marked in one transaction. */
const rowsAtOnce = 500;
/** Transactions that record states concurrently. */
const recordedAtOnce = 4;

/**
 * Numbers a plan and applies it, with the marker last. Its files are staged while it is numbered.
 * @throws LeaseLost, or an error of the file system or database. Nothing is recorded then, and all changes stay
 * pending.
 */
export async function applyPlan(leader: LeaderContext, plan: DeliveryPlan, turn: Turn): Promise<Bundle> {
  const { target, faultPoint } = leader;
  await faultPoint("compiled");
  await target.requireClaim();
  const numbering = numberBundle(leader, plan);
  numbering.catch(() => undefined); // the target throws this error
  await target.apply(plan.files, numbering, turn);
  return numbering;
}

/** Numbers a plan before any part of it is visible. */
async function numberBundle(leader: LeaderContext, plan: DeliveryPlan): Promise<Bundle> {
  const { database, lease, gateway, clock, faultPoint } = leader;
  const { files } = plan;
  const digestOf = (previous: string) => chainDigest(previous, files, gateway.state.tagKey);
  const delivery = await numberDelivery(database, lease, digestOf, clock.now());
  await faultPoint("numbered");
  return {
    ...delivery,
    gatewayId: lease.gatewayId,
    term: lease.term,
    files,
    marker: markerOf(gateway, delivery).text,
    probes: deliveredBy(plan, delivery),
  };
}

/**
 * Records an applied delivery in parts, so that no transaction grows with the batch. A row is marked only after all
 * states are stored; rows that no part has reached yet simply stay pending.
 * @param rows ids of the outbox rows that the delivery carried
 */
export async function recordPlan(
  leader: LeaderContext,
  rows: readonly number[],
  plan: DeliveryPlan,
  bundle: Bundle,
): Promise<void> {
  const now = leader.clock.now();
  const recordPart = (part: { states?: readonly DeliveredState[]; rows?: readonly number[]; first?: boolean }) =>
    recordApplied(leader.database, leader.lease, bundle, { states: [], rows: [], first: false, ...part, now });
  const states = plan.applications.map(({ state }) => state);
  const pages = [...inPages(states, pageSize)];
  const last = pages.pop() ?? [];
  const [few = [], ...more] = inPages(rows, rowsAtOnce);
  const [beginning, ...others] = pages;
  if (beginning) await recordPart({ states: beginning, first: true });
  await inParallel(others, recordedAtOnce, (page) => recordPart({ states: page }));
  await recordPart({ states: last, rows: few, first: beginning === undefined });
  for (const page of more) await recordPart({ rows: page });
  await leader.faultPoint("recorded");
}
