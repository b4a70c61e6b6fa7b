import { inParallel } from "../../platform/in-parallel";
import { chainDigest } from "../../traefik/compiler/chain-digest";
import { type Backlog, inPages } from "../planner/backlog";
import { type DeliveryPlan, deliveredBy, markerOf, planDelivery } from "../planner/plan-delivery";
import { type DeliveredState, numberDelivery, recordApplied } from "../planner/record-delivery";
import type { Bundle, DeliveryNumber } from "../protocol/bundle";
import type { Turn } from "../protocol/target";
import type { LeaderContext } from "./leader-context";

/** What a delivery carries: outbox rows, and what a comparison found to be different from what it should be. */
export interface DeliveryRequest {
  /** Ids of the outbox rows that it answers. */
  readonly rows: readonly number[];
  readonly backlog: Backlog;
  /** The file that all applications share is missing or altered. */
  readonly shared: boolean;
  /** What it throws ends the delivery with nothing done. */
  readonly turn: Turn;
  /** Called once the marker is renamed, before anything is recorded. */
  readonly onMarked?: (delivery: DeliveryNumber, markerAt: number) => void;
}

export interface Delivered {
  readonly bundle: Bundle;
  /** When the marker was renamed, in ms of the pace. */
  readonly markerAt: number;
  /** Something of it closes. */
  readonly closes: boolean;
  /** From the beginning until everything was staged, in ms. */
  readonly preparedMs: number;
  /** How long it then waited until it was due, in ms. */
  readonly waitedMs: number;
}

/** Applications written in one statement. */
const pageSize = 100;
/** Outbox rows marked in one transaction. */
const rowsAtOnce = 500;
/** Transactions that record states at the same time. */
const recordedAtOnce = 4;

/**
 * One delivery: the *present* state of everything that the request names is planned, numbered, applied with the marker
 * last, and only then recorded.
 * @throws LeaseLost; the file system's or the database's own error. Nothing is recorded then, and everything is pending.
 */
export async function deliver(leader: LeaderContext, request: DeliveryRequest): Promise<Delivered> {
  const { target, pace, at } = leader;
  const { overtaken, ready } = request.turn;
  const began = pace.now();
  let [preparedMs, waitedMs] = [0, 0];
  await at("taken");
  const plan = await planDelivery(leader, { ...request, overtaken });
  await at("compiled");

  await target.requireClaim();
  const numbering = numberBundle(leader, plan);
  numbering.catch(() => undefined); // the target throws it
  const isReady = async () => {
    preparedMs = pace.now() - began;
    await ready?.();
    waitedMs = pace.now() - began - preparedMs;
  };
  await target.apply(plan.files, numbering, { overtaken, ready: isReady });
  const bundle = await numbering;
  const markerAt = pace.now();
  request.onMarked?.(bundle, markerAt);

  const states = plan.applications.map(({ state }) => state);
  await record(leader, request.rows, bundle, states);
  await at("recorded");
  return { bundle, markerAt, closes: request.backlog.closes, preparedMs, waitedMs };
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
 * In parts, so that no transaction grows with the batch. What a row asked for is there once every state is; rows that
 * no part has reached yet are simply still pending.
 */
async function record(
  leader: LeaderContext,
  rows: readonly number[],
  delivery: DeliveryNumber,
  states: readonly DeliveredState[],
): Promise<void> {
  const now = leader.clock.now();
  const recordPart = (part: { states?: readonly DeliveredState[]; rows?: readonly number[]; first?: boolean }) =>
    recordApplied(leader.database, leader.lease, delivery, { states: [], rows: [], first: false, ...part, now });
  const pages = [...inPages(states, pageSize)];
  const last = pages.pop() ?? [];
  const [few = [], ...more] = inPages(rows, rowsAtOnce);
  const [beginning, ...others] = pages;
  if (beginning) await recordPart({ states: beginning, first: true });
  await inParallel(others, recordedAtOnce, (page) => recordPart({ states: page }));
  await recordPart({ states: last, rows: few, first: beginning === undefined });
  for (const page of more) await recordPart({ rows: page });
}
