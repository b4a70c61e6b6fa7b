import { asSync } from "../../database/as-sync";
import { inParallel } from "../../platform/in-parallel";
import { givingWay } from "../../platform/yield-to-event-loop";
import { chainDigest } from "../../traefik/compiler/chain-digest";
import { compileMarker } from "../../traefik/compiler/compile-marker";
import { compileShared } from "../../traefik/compiler/compile-shared";
import { PROBE_ENTRY_POINT } from "../../traefik/compiler/names";
import type { CompiledFile } from "../../traefik/compiler/state";
import { isId } from "../../traefik/compiler/well-formed";
import { stillHolds } from "../applier/claim-folder";
import { fileDigest } from "../applier/file-digest";
import { WrongFolder } from "../cause-of";
import { type Backlog, inPages } from "../planner/backlog";
import { type PlannedApplication, planApplication, planDeny, planRemoval } from "../planner/compile-batch";
import { type DenyGroup, readApplications, readDenyHosts, readStates } from "../planner/desired-state";
import { type DeliveredState, type NumberedDelivery, numberDelivery, recordApplied } from "../planner/record-delivery";
import type { DeliveredApplication } from "../prober/proof-queue";
import type { Gateway } from "../protocol/gateway";
import type { PlannedFile, Turn } from "../protocol/target";
import type { Leading } from "./leader-context";

/** What a delivery carries: outbox rows, and what a comparison found to be different from what it should be. */
export interface Consignment {
  /** Ids of the outbox rows that it answers. */
  readonly rows: readonly number[];
  readonly backlog: Backlog;
  /** The file that all applications share is missing or altered. */
  readonly shared: boolean;
  /** What it throws ends the delivery with nothing done. */
  readonly turn: Turn;
  /** Called once the marker is renamed, before anything is recorded. */
  readonly onMarked?: (delivery: NumberedDelivery, markerAt: number) => void;
}

export interface Delivered {
  readonly delivery: NumberedDelivery;
  /** When the marker was renamed, in ms of the pace. */
  readonly markerAt: number;
  /** Something of it closes. */
  readonly closes: boolean;
  /** From the beginning until everything was staged, in ms. */
  readonly preparedMs: number;
  /** How long it then waited until it was due, in ms. */
  readonly waitedMs: number;
  readonly applications: readonly (DeliveredApplication & { readonly closes: boolean })[];
}

/** Applications read in one transaction and written in one statement. */
const pageSize = 100;
/** Outbox rows marked in one transaction. */
const rowsAtOnce = 500;
/** Transactions that record states at the same time. */
const recordedAtOnce = 4;
/**
 * One delivery: the *present* state of everything that the consignment names is compiled, numbered, applied with the
 * marker last, and only then recorded.
 * @throws LeaseLost; the file system's or the database's own error. Nothing is recorded then, and everything is pending.
 */
export async function deliver(leading: Leading, consignment: Consignment): Promise<Delivered> {
  const { database, lease, gateway, target, clock, at } = leading;
  const began = leading.pace.now();
  let [preparedMs, waitedMs] = [0, 0];
  await at("taken");
  const applications = await planApplications(leading, consignment);
  const denies = await planDenies(leading, consignment.backlog.denies);
  const files = [
    ...(consignment.shared ? [planShared(gateway)] : []),
    ...denies,
    ...applications.map(({ file }) => file),
  ];
  for (const { state } of applications) logQuarantine(leading, state);
  await at("compiled");

  if (!(await stillHolds(leading.places, lease.gatewayId, leading.nonce))) {
    throw new WrongFolder(
      "folder_replaced",
      `${leading.places.claim} is gone or of another claim: the folder was replaced`,
    );
  }
  const numbering = numberDelivery(
    database,
    lease,
    (previous) => chainDigest(previous, files, gateway.state.tagKey),
    clock.now(),
  );
  const marker = numbering.then(async (delivery) => {
    await at("numbered");
    return markerOf(gateway, delivery);
  });
  marker.catch(() => undefined); // the target throws it
  const { overtaken, ready } = consignment.turn;
  const isReady = async () => {
    preparedMs = leading.pace.now() - began;
    await ready?.();
    waitedMs = leading.pace.now() - began - preparedMs;
  };
  await target.apply(files, marker, { overtaken, ready: isReady });
  const delivery = await numbering;
  const markerAt = leading.pace.now();
  consignment.onMarked?.(delivery, markerAt);
  await record(
    leading,
    consignment,
    delivery,
    applications.map(({ state }) => state),
  );
  await at("recorded");
  return {
    delivery,
    markerAt,
    closes: consignment.backlog.closes,
    preparedMs,
    waitedMs,
    applications: applications.map(({ state, file }) => ({
      applicationId: state.applicationId,
      organizationId: state.organizationId,
      revision: delivery.revision,
      isPublic: state.intended === "public",
      closes: file.effect !== "opens",
    })),
  };
}

/** The marker of a delivery, as it stands in the watched folder. */
export function markerOf(gateway: Gateway, delivery: NumberedDelivery): CompiledFile {
  return compileMarker({ probeEntryPoint: PROBE_ENTRY_POINT, secretHost: gateway.secretHost, ...delivery });
}

/** The file that all applications of a gateway share. */
export function planShared(gateway: Gateway): PlannedFile {
  const { name, text } = compileShared(gateway.state);
  return { name, text, digest: fileDigest(text), effect: "closes" };
}

async function planApplications(leading: Leading, { backlog, turn }: Consignment): Promise<PlannedApplication[]> {
  const { overtaken } = turn;
  const { database, sealer, gateway, clock, pace } = leading;
  const giveWay = givingWay(() => pace.now());
  const planned: PlannedApplication[] = [];
  for (const page of inPages([...backlog.applications], pageSize)) {
    await overtaken?.();
    const ids = page.map(([applicationId]) => applicationId).filter(isId);
    const [present, before] = await asSync(database, (tx) =>
      Promise.all([readApplications(tx, gateway.gatewayId, ids, clock.now()), readStates(tx, gateway.gatewayId, ids)]),
    );
    const stored = new Map(present.map((application) => [application.applicationId, application]));
    const states = new Map(before.map((state) => [state.applicationId, state]));
    for (const id of ids) {
      const application = stored.get(id);
      const asked = backlog.applications.get(id);
      planned.push(
        application
          ? planApplication(application, states.get(id), gateway, sealer, { closes: asked?.closes ?? true })
          : planRemoval(id, asked?.organizationId ?? "", states.get(id)),
      );
      await giveWay();
      await overtaken?.();
    }
  }
  return planned;
}

async function planDenies(leading: Leading, denies: readonly DenyGroup[]): Promise<PlannedFile[]> {
  const planned: PlannedFile[] = [];
  for (const deny of denies) {
    const hosts = await asSync(leading.database, (tx) => readDenyHosts(tx, leading.gateway.gatewayId, deny));
    planned.push(planDeny(deny, hosts, leading.gateway));
  }
  return planned;
}

/**
 * In parts, so that no transaction grows with the batch. What a row asked for is there once every state is; rows that
 * no part has reached yet are simply still pending.
 */
async function record(
  leading: Leading,
  { rows }: Consignment,
  delivery: NumberedDelivery,
  states: readonly DeliveredState[],
): Promise<void> {
  const now = leading.clock.now();
  const recordPart = (part: { states?: readonly DeliveredState[]; rows?: readonly number[]; first?: boolean }) =>
    recordApplied(leading.database, leading.lease, delivery, { states: [], rows: [], first: false, ...part, now });
  const pages = [...inPages(states, pageSize)];
  const last = pages.pop() ?? [];
  const [few = [], ...more] = inPages(rows, rowsAtOnce);
  const [beginning, ...others] = pages;
  if (beginning) await recordPart({ states: beginning, first: true });
  await inParallel(others, recordedAtOnce, (page) => recordPart({ states: page }));
  await recordPart({ states: last, rows: few, first: beginning === undefined });
  for (const page of more) await recordPart({ rows: page });
}

function logQuarantine({ log }: Leading, state: DeliveredState): void {
  if (state.form === "stated") return;
  const { applicationId, organizationId, form, diagnostics } = state;
  log.error({ applicationId, organizationId, form, diagnostics }, "an application cannot be compiled as stated");
}
