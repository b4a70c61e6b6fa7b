import { asSync } from "#src/database/as-sync";
import { yieldAfterSlice, yieldToEventLoop } from "#src/platform/yield-to-event-loop";
import { denyFileName } from "#src/traefik/compiler/compile-deny";
import { APPLICATIONS_FOLDER } from "#src/traefik/compiler/names";
import { applicationOf, denyOf, isOwnApplication, isOwnDeny } from "../applier/recognize-own-files";
import { wantedDeny, wantedDigest } from "../planner/compile-batch";
import {
  listDenyGroups,
  pageOfApplications,
  pageOfStates,
  pendingAmong,
  readApplications,
  readDenyHosts,
  readStates,
} from "../planner/desired-state";
import { planShared } from "../planner/plan-delivery";
import { newestApplied } from "../planner/record-delivery";
import type { ForeignFile } from "../protocol/foreign-file";
import { servedByMarker } from "../protocol/served-delivery";
import { describeForeignFiles } from "./describe-foreign-files";
import type { LeaderContext } from "./leader-context";
import { updateAsLeader } from "./lease";
import type { Repairs } from "./repair-queue";

/** Applications read in one transaction. On the embedded database, requests wait while a transaction runs. */
const pageSize = { embedded: 50, postgres: 200 } as const;
const statesPageSize = 500;

/**
 * Compares the gateway's folder with what it should contain, by digest, in pages. Differences are queued for the next
 * delivery; this function itself writes only the report. A file that a delivery changes during the comparison may be
 * written once more, with the same bytes.
 */
export async function compareAll(leader: LeaderContext, repairs: Repairs, onFound: () => void) {
  const { over, gateway, database, lease, clock, log } = leader;
  const counts = { compared: 0, repaired: 0 };
  const repair = (note: () => void) => {
    note();
    counts.repaired++;
    onFound();
  };
  const comparison = { leader, repairs, repair };
  // Names are read first, so that files which a delivery adds later are not reported as foreign.
  const names = await leader.target.names();
  await compareShared(comparison);
  const denies = await compareDenies(comparison);
  const applications = await compareApplications(comparison, counts);
  const gone = await compareStates(comparison, applications);
  const unknown = over.aborted ? [] : await compareNames(comparison, names, { denies, applications, gone });
  const foreignFiles = await describeForeignFiles(leader, unknown);
  if (over.aborted) return counts;
  const report: ForeignFile[] = [...unknown.map(namedLikeOurs), ...foreignFiles];
  if (report.length > 0)
    log.warn({ gatewayId: gateway.gatewayId, foreignFiles: report }, "foreign files affect this gateway");
  await asSync(database, (tx) => updateAsLeader(tx, lease, { comparedAt: clock.now(), foreignFiles: report }));
  return counts;
}

interface Comparison {
  readonly leader: LeaderContext;
  readonly repairs: Repairs;
  /** Queues a repair for the next delivery. */
  readonly repair: (note: () => void) => void;
}

async function compareShared({ leader, repairs, repair }: Comparison): Promise<void> {
  const { target, gateway, database } = leader;
  const shared = planShared(gateway);
  if ((await target.read(shared.name)) !== shared.text) repair(() => repairs.shared());
  const applied = await newestApplied(database, gateway.gatewayId);
  const served = servedByMarker(await target.readMarker());
  // The marker may be an older one from a copy of the folder. It must be written again even if no other file differs.
  if (served === null || served.revision < (applied ?? 0)) repair(() => repairs.marker());
}

/** Returns the names of the expected deny files. */
async function compareDenies({ leader, repairs, repair }: Comparison): Promise<Set<string>> {
  const { database, gateway, target, over } = leader;
  const wanted = new Set<string>();
  for (const deny of await asSync(database, (tx) => listDenyGroups(tx, gateway.gatewayId))) {
    if (over.aborted) break;
    const hosts = await asSync(database, (tx) => readDenyHosts(tx, gateway.gatewayId, deny));
    const name = denyFileName(deny);
    wanted.add(name);
    if ((await target.read(name)) !== wantedDeny(deny, hosts, gateway))
      repair(() => repairs.deny(deny.organizationId, deny.group));
    await yieldToEventLoop();
  }
  return wanted;
}

/** Returns the ids of all applications of the gateway. */
async function compareApplications(
  { leader, repairs, repair }: Comparison,
  counts: { compared: number },
): Promise<Set<string>> {
  const { database, gateway, over } = leader;
  const seen = new Set<string>();
  for (let after = ""; !over.aborted; ) {
    const ids = await asSync(database, (tx) =>
      pageOfApplications(tx, gateway.gatewayId, after, pageSize[database.kind]),
    );
    const last = ids.at(-1);
    if (last === undefined) break;
    after = last;
    counts.compared += ids.length;
    for (const id of ids) seen.add(id);
    for (const { applicationId, organizationId } of await differing(leader, ids)) {
      repair(() => repairs.application(applicationId, organizationId));
    }
  }
  return seen;
}

/** Of a page of applications, returns those whose file or state differs from what their rows state. */
async function differing({ database, gateway, target, sealer, clock, pace }: LeaderContext, ids: readonly string[]) {
  const settled = await asSync(database, async (tx) => {
    const pending = await pendingAmong(tx, gateway.gatewayId, ids);
    const rest = ids.filter((id) => !pending.has(id)); // pending applications are delivered anyway
    return readApplications(tx, gateway.gatewayId, rest, clock.now());
  });
  const before = await asSync(database, (tx) => readStates(tx, gateway.gatewayId, ids));
  const states = new Map(before.map((state) => [state.applicationId, state]));
  const onDisk = await target.digests(settled.map(({ applicationId }) => fileOf(applicationId)));
  const different: typeof settled = [];
  const yieldIfBusy = yieldAfterSlice(() => pace.now());
  for (const application of settled) {
    const state = states.get(application.applicationId);
    const digest = wantedDigest(application, state, gateway, sealer);
    // An application without a route that was never delivered needs no state.
    const recorded = (state?.digest ?? null) === digest && state?.removed !== true;
    const same = recorded && onDisk.get(fileOf(application.applicationId)) === digest;
    if (!same) different.push(application);
    await yieldIfBusy();
  }
  await yieldToEventLoop();
  return different;
}

/** Finds applications that were delivered and then deleted; returns their organizations. */
async function compareStates(
  { leader, repairs, repair }: Comparison,
  applications: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const { database, gateway, over } = leader;
  const gone = new Map<string, string>();
  for (let after = ""; !over.aborted; ) {
    const page = await asSync(database, (tx) => pageOfStates(tx, gateway.gatewayId, after, statesPageSize));
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.applicationId;
    for (const { applicationId, organizationId, removed } of page) {
      if (applications.has(applicationId)) continue;
      gone.set(applicationId, organizationId);
      if (!removed) repair(() => repairs.application(applicationId, organizationId));
    }
    await yieldToEventLoop(); // the embedded database answers within the same turn of the event loop
  }
  return gone;
}

/** Finds files that should not exist. Own files are removed; the names of the others are returned. */
async function compareNames(
  { leader, repairs, repair }: Comparison,
  names: readonly string[],
  known: {
    readonly denies: ReadonlySet<string>;
    readonly applications: ReadonlySet<string>;
    readonly gone: ReadonlyMap<string, string>;
  },
): Promise<string[]> {
  const unknown: string[] = [];
  for (const name of names) {
    const applicationId = applicationOf(name);
    const deny = denyOf(name);
    if (applicationId !== null) {
      const organizationId = known.gone.get(applicationId);
      if (organizationId !== undefined) repair(() => repairs.application(applicationId, organizationId));
      else if (!known.applications.has(applicationId)) {
        const text = (await leader.target.read(name)) ?? "";
        // A file of an application that the database has forgotten, restored from a copy, would serve its former
        // upstream.
        if (isOwnApplication(applicationId, text, leader.gateway.state)) {
          repair(() => repairs.application(applicationId, ""));
        } else unknown.push(name);
      }
    } else if (deny !== null && !known.denies.has(name)) {
      const text = (await leader.target.read(name)) ?? "";
      if (isOwnDeny(name, text, leader.gateway.state)) repair(() => repairs.deny(deny.organizationId, deny.group));
      else unknown.push(name);
    }
  }
  return unknown;
}

function fileOf(applicationId: string): string {
  return `${applicationId}.yml`;
}

function namedLikeOurs(name: string): ForeignFile {
  return { path: `${APPLICATIONS_FOLDER}/${name}`, problem: "named_like_ours", detail: name };
}
