import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FolderPaths, type FolderSettings, pathsIn } from "../../src/delivery/applier/gateway-folder";
import { createReconciler, type Reconciler, type ReconcilerOptions } from "../../src/delivery/leader/reconciler";
import { gatewaySealContexts, newGatewaySecrets } from "../../src/delivery/planner/gateway-secrets";
import { ensureInstallation } from "../../src/main/host/ensure-installation";
import { newId } from "../../src/platform/ids";
import { insertEnvironment } from "../support/environment";
import { freePort } from "../support/free-port";
import { patienceMs } from "../support/patience";
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

export type StateRow = {
  revision: number;
  proven_revision: number;
  unproven: string | null;
  removed: boolean;
  tag: string;
  intended: string;
  form: string;
  digest: string | null;
  proof: { status: number | null; proven: boolean; why: string | null; request: string }[] | null;
};

type GatewayRow = {
  revision: number;
  loaded_revision: number;
  lease_term: number;
  epoch: string;
  nonce: string | null;
  cause: string | null;
  foreign_files: { path: string; problem: string; detail: string }[];
  compared_at: Date | null;
};

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
  await db.asOwner(
    `insert into gateways (gateway_id, name, target, address, probe_address, tag_key_sealed, probe_host_sealed, epoch, created_at)
     values ($1, $1, 'file', $2, $3, $4, $5, $6, now())`,
    [
      gatewayId,
      address,
      probeAddress,
      runtime.sealer.seal(gatewaySealContexts.tagKey(gatewayId), secrets.tagKey),
      runtime.sealer.seal(gatewaySealContexts.probeHost(gatewayId), secrets.probeHost),
      secrets.epoch,
    ],
  );
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
      const [row] = await db.asOwner<StateRow>(
        "select * from application_states where gateway_id = $1 and application_id = $2",
        [gatewayId, applicationId],
      );
      return row ?? null;
    },
    async gateway() {
      const [row] = await db.asOwner<GatewayRow>("select * from gateways where gateway_id = $1", [gatewayId]);
      if (!row) throw new Error("no gateway");
      return row;
    },
    async pending() {
      const [row] = await db.asOwner<{ count: number }>(
        "select count(*)::integer as count from changes where gateway_id = $1 and delivered_in is null",
        [gatewayId],
      );
      return row?.count ?? -1;
    },
    async proven(applicationId) {
      const proven = (row: StateRow | null): row is StateRow =>
        row !== null && row.unproven === null && row.proven_revision === row.revision && row.revision > 0;
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
