import type { Logger } from "pino";
import { asSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import { inPages } from "#src/platform/in-pages";
import type { Pace } from "#src/platform/timer";
import type { Clock } from "#src/platform/values";
import { yieldAfterSlice } from "#src/platform/yield-to-event-loop";
import { compileMarker } from "#src/traefik/compiler/compile-marker";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import { PROBE_ENTRY_POINT } from "#src/traefik/compiler/names";
import type { CompiledFile } from "#src/traefik/compiler/state";
import { isId } from "#src/traefik/compiler/well-formed";
import type { DeliveredApplication, DeliveryNumber, PlannedFile } from "../protocol/bundle";
import { fileDigest } from "../protocol/file-digest";
import type { Backlog } from "./backlog";
import { type PlannedApplication, planApplication, planDeny, planRemoval } from "./compile-batch";
import { type DenyGroup, readApplications, readDenyHosts, readStates } from "./desired-state";
import type { Gateway } from "./gateway";
import type { DeliveredState } from "./record-delivery";

/** What planning needs. It reads rows and writes nothing. */
export interface Planner {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly log: Logger;
}

/** What a delivery will carry, before it has a number. */
export interface DeliveryPlan {
  readonly files: readonly PlannedFile[];
  readonly applications: readonly PlannedApplication[];
}

/** What to plan. */
interface Wanted {
  readonly backlog: Backlog;
  /** The file that all applications share is missing or was changed. */
  readonly shared: boolean;
  /** Called often. An error that it throws ends the planning. */
  readonly overtaken?: (() => Promise<void>) | undefined;
}

/** Applications read in one transaction. */
const pageSize = 100;

/** Compiles the *present* state of everything that the backlog names. */
export async function planDelivery(planner: Planner, wanted: Wanted): Promise<DeliveryPlan> {
  const applications = await planApplications(planner, wanted);
  const denies = await planDenies(planner, wanted.backlog.denies);
  for (const { state } of applications) logQuarantine(planner, state);
  return {
    files: [
      ...(wanted.shared ? [planShared(planner.gateway)] : []),
      ...denies,
      ...applications.map(({ file }) => file),
    ],
    applications,
  };
}

/** The applications of a plan, in the form that the prober needs. */
export function deliveredBy({ applications }: DeliveryPlan, { revision }: DeliveryNumber): DeliveredApplication[] {
  return applications.map(({ state, file }) => ({
    applicationId: state.applicationId,
    organizationId: state.organizationId,
    revision,
    isPublic: state.intended === "public",
    wasProven: false,
    tag: state.tag,
    probes: state.probes,
    closes: file.effect !== "opens",
  }));
}

/** The marker of a delivery, as it is written to the watched folder. */
export function markerOf(gateway: Gateway, { epoch, revision, digest }: DeliveryNumber): CompiledFile {
  const { secretHost } = gateway;
  return compileMarker({ probeEntryPoint: PROBE_ENTRY_POINT, secretHost, epoch, revision, digest });
}

/** The file that all applications of a gateway share. */
export function planShared(gateway: Gateway): PlannedFile {
  const { name, text } = compileShared(gateway.state);
  return { name, text, digest: fileDigest(text), effect: "closes" };
}

async function planApplications(planner: Planner, { backlog, overtaken }: Wanted): Promise<PlannedApplication[]> {
  const { database, sealer, gateway, clock, pace } = planner;
  const yieldIfBusy = yieldAfterSlice(() => pace.now());
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
      const pending = backlog.applications.get(id);
      planned.push(
        application
          ? planApplication(application, states.get(id), gateway, sealer, { closes: pending?.closes ?? true })
          : planRemoval(id, pending?.organizationId ?? "", states.get(id)),
      );
      await yieldIfBusy();
      await overtaken?.();
    }
  }
  return planned;
}

async function planDenies({ database, gateway }: Planner, denies: readonly DenyGroup[]): Promise<PlannedFile[]> {
  const planned: PlannedFile[] = [];
  for (const deny of denies) {
    const hosts = await asSync(database, (tx) => readDenyHosts(tx, gateway.gatewayId, deny));
    planned.push(planDeny(deny, hosts, gateway));
  }
  return planned;
}

function logQuarantine({ log }: Planner, state: DeliveredState): void {
  if (state.form === "stated") return;
  const { applicationId, organizationId, form, diagnostics } = state;
  log.error({ applicationId, organizationId, form, diagnostics }, "an application cannot be compiled as stated");
}
