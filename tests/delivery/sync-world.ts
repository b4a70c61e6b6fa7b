import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changes } from "#drizzle/changes";
import { gateways } from "#drizzle/gateways";
import { applicationStates } from "#drizzle/sync";
import { type FolderPaths, type FolderSettings, pathsIn } from "#src/delivery/applier/gateway-folder";
import { createReconciler, type Reconciler, type ReconcilerOptions } from "#src/delivery/leader/reconciler";
import { gatewaySealContexts, newGatewaySecrets } from "#src/delivery/planner/gateway-secrets";
import { ensureInstallation } from "#src/main/host/ensure-installation";
import { newId } from "#src/platform/ids";
import { insertEnvironment } from "../support/environment";
import { freePort } from "../support/free-port";
import { patienceMs } from "../support/patience";
import { gatewayRows } from "../support/rows/delivery";
import { readRows } from "../support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

/** A world with one gateway, a temporary folder, and no reconciler yet. */
export interface SyncWorld {
  readonly world: World;
  readonly gatewayId: string;
  readonly secretHost: string;
  readonly address: string;
  readonly probeAddress: string;
  readonly folder: string;
  readonly paths: FolderPaths;
  readonly organization: GivenOrganization;
  readonly given: Omit<ReturnType<typeof given>, "application"> & {
    application(input?: Record<string, unknown>): Promise<{ applicationId: string }>;
  };
  /** Not started; stopped when the world closes. */
  reconciler(options?: Partial<ReconcilerOptions> & { readonly folder?: FolderSettings }): Reconciler;
  state(applicationId: string): Promise<StateRow | null>;
  gateway(): Promise<GatewayRow>;
  pending(): Promise<number>;
  /** Waits until an application's newest delivery is proven. */
  proven(applicationId: string): Promise<StateRow>;
  /** The application's file in the folder; null if there is none. */
  file(applicationId: string): string | null;
  close(): Promise<void>;
}

export type StateRow = typeof applicationStates.$inferSelect;
type GatewayRow = typeof gateways.$inferSelect;

export async function openSyncWorld(options: { address?: string; probeAddress?: string } = {}): Promise<SyncWorld> {
  const woken: (() => void)[] = [];
  const world = await openWorld({
    wake: () => {
      for (const wake of woken) wake();
    },
  });
  const { runtime, db } = world;
  await ensureInstallation(runtime.database, ["f".repeat(64)], new Date());
  const gatewayId = newId("gateway");
  const secrets = newGatewaySecrets(runtime.random);
  const address = options.address ?? `127.0.0.1:${await freePort()}`;
  const probeAddress = options.probeAddress ?? `127.0.0.1:${await freePort()}`;
  await gatewayRows.insert(db.owner, {
    gatewayId,
    name: gatewayId,
    address,
    probeAddress,
    tagKeySealed: runtime.sealer.seal(gatewaySealContexts.tagKey(gatewayId), secrets.tagKey),
    probeHostSealed: runtime.sealer.seal(gatewaySealContexts.probeHost(gatewayId), secrets.probeHost),
    epoch: secrets.epoch,
  });
  const own = mkdtempSync(join(tmpdir(), "portcullis-sync-"));
  const folder = join(own, "local");
  const organization = await world.organization({ gatewayId, upstreams: "any" });
  const { environmentId } = await insertEnvironment(world, organization);
  const make = given(organization);
  const reconcilers: Reconciler[] = [];
  const self: SyncWorld = {
    world,
    gatewayId,
    secretHost: secrets.probeHost,
    address,
    probeAddress,
    folder,
    paths: pathsIn(folder),
    organization,
    given: { ...make, application: (input = {}) => make.application({ environmentId, ...input }) },
    reconciler(more = {}) {
      const { log, ...rest } = runtime;
      const reconciler = createReconciler({ ...rest, log, gatewayId, folder: { folder }, alone: true, ...more });
      reconcilers.push(reconciler);
      woken.push(() => reconciler.wake());
      return reconciler;
    },
    async state(applicationId) {
      const [row] = await readRows(db.owner, applicationStates, { gatewayId, applicationId });
      return row ?? null;
    },
    async gateway() {
      const [row] = await readRows(db.owner, gateways, { gatewayId });
      if (!row) throw new Error("no gateway");
      return row;
    },
    async pending() {
      return (await readRows(db.owner, changes, { gatewayId, deliveredIn: null }, ["row"])).length;
    },
    async proven(applicationId) {
      const proven = (row: StateRow | null): row is StateRow =>
        row !== null && row.unproven === null && row.provenRevision === row.revision && row.revision > 0;
      const settled = async () => ((await self.pending()) === 0 ? self.state(applicationId) : null);
      const row = await until(settled, proven);
      if (row === null) throw new Error("never proven");
      return row;
    },
    file(applicationId) {
      const path = join(pathsIn(folder).applications, `${applicationId}.yml`);
      return existsSync(path) ? readFileSync(path, "utf8") : null;
    },
    async close() {
      await Promise.all(reconcilers.map((reconciler) => reconciler.stop()));
      await world.close();
      rmSync(own, { recursive: true, force: true });
    },
  };
  return self;
}

/** Polls until the condition holds. @throws Error with the last value after `timeoutMs` */
export async function until<T>(
  look: () => Promise<T> | T,
  wanted: (seen: T) => boolean,
  timeoutMs = patienceMs,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`never came: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const password = () => `Pw-${randomBytes(9).toString("base64url")}-9z` as const;
