import { inParallel } from "../../platform/in-parallel";
import { chainDigest } from "../../traefik/compiler/chain-digest";
import { inPages } from "../planner/backlog";
import { type DeliveryPlan, deliveredBy, markerOf } from "../planner/plan-delivery";
import { type DeliveredState, numberDelivery, recordApplied } from "../planner/record-delivery";
import type { Bundle } from "../protocol/bundle";
import type { Turn } from "../protocol/target";
import type { LeaderContext } from "./leader-context";

/** Applications written in one statement. */
const pageSize = 100;
/** Outbox rows marked in one transaction. */
const rowsAtOnce = 500;
/** Transactions that record states at the same time. */
const recordedAtOnce = 4;

/**
 * Numbers a plan and applies it, the marker last. Its files are staged while it is numbered.
 * @throws LeaseLost; the file system's or the database's own error. Nothing is recorded then, and everything is pending.
 */
export async function applyPlan(leader: LeaderContext, plan: DeliveryPlan, turn: Turn): Promise<Bundle> {
  const { target, at } = leader;
  await at("compiled");
  await target.requireClaim();
  const numbering = numberBundle(leader, plan);
  numbering.catch(() => undefined); // the target throws it
  await target.apply(plan.files, numbering, turn);
  return numbering;
}

/** Gives a plan its number, before anything of it can be seen. */
async function numberBundle(leader: LeaderContext, plan: DeliveryPlan): Promise<Bundle> {
  const { database, lease, gateway, clock, at } = leader;
  const { files } = plan;
  const digestOf = (previous: string) => chainDigest(previous, files, gateway.state.tagKey);
  const delivery = await numberDelivery(database, lease, digestOf, clock.now());
  await at("numbered");
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
 * Records what was applied, in parts, so that no transaction grows with the batch. What a row asked for is there once
 * every state is; rows that no part has reached yet are simply still pending.
 * @param rows ids of the outbox rows that the delivery answers
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
  await leader.at("recorded");
}
