import { randomBytes } from "node:crypto";
import pino from "pino";
import { makeApiKey } from "#src/access/api-keys";
import type { Role } from "#src/access/permissions";
import type { Runtime, SignInSettings } from "#src/access/runtime";
import { makeSealer } from "#src/database/sealing";
import { makeSigner } from "#src/database/signing";
import { createEventHub } from "#src/delivery/events/event-hub";
import { gatewaySealContexts, newGatewaySecrets } from "#src/delivery/planner/gateway-secrets";
import { createWaitHub } from "#src/delivery/wait-hub";
import { createHandler, type Handler } from "#src/http/handler";
import { prepareForNextAuth } from "#src/main/settings/environment";
import { newId } from "#src/platform/ids";
import type { Resolver } from "#src/platform/values";
import { type Call, callsOf } from "./call-response";
import { gatewayRows, installationRows } from "./rows/delivery";
import { keyRows } from "./rows/keys";
import { organizationGatewayRows, organizationRows } from "./rows/organizations";
import { registerSecret } from "./secrets";
import { openTestDatabase, type TestDatabase } from "./test-database";

export interface GivenOrganization {
  readonly organizationId: string;
  readonly gatewayId: string;
  /** Creates a key with this role. */
  key(role: Role, options?: { expiresAt?: Date }): Promise<string>;
  /** Calls as the owner. */
  readonly call: Call;
}

/** A control plane without its process: a database, a handler, and substitutes for the outside world. */
export interface World {
  readonly runtime: Runtime;
  readonly handler: Handler;
  readonly db: TestDatabase;
  readonly gatewayId: string;
  /** Everything that was logged, as text. */
  readonly log: () => string;
  /** The gateways that were woken, call by call. */
  readonly woken: string[][];
  now: Date | null;
  dns: Map<string, readonly string[]>;
  callAs(key: string | null): Call;
  organization(options?: {
    upstreams?: "any" | "checked";
    root?: boolean;
    gatewayId?: string;
  }): Promise<GivenOrganization>;
  close(): Promise<void>;
}

/** The origin at which people sign in during tests. */
export const testOrigin = "https://portcullis.example.org";

const testSignIn: SignInSettings = {
  publicOrigin: testOrigin,
  localOrigins: ["http://127.0.0.1:3000", "http://localhost:3000"],
  sameSite: "lax",
  trustedProxies: [],
  trustedHeader: null,
  keyCreationsPerHour: 0,
  responseFloorMs: 0,
  lifetimes: { session: 86_400, remembered: 604_800, idle: 7_200, idleRemembered: 86_400 },
};

export async function openWorld(overrides: Partial<Runtime> = {}): Promise<World> {
  prepareForNextAuth();
  const db = await openTestDatabase();
  const lines: string[] = [];
  const dns = new Map<string, readonly string[]>();
  const resolver: Resolver = { addresses: async (name) => dns.get(name) ?? [] };
  const woken: string[][] = [];
  const secret = randomBytes(32);
  const { installationId } = await installationRows.insert(db.owner, {});
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const clock = { now: () => world.now ?? new Date() };
  const runtime: Runtime = {
    database: db.database,
    sealer: makeSealer([secret]),
    signer: makeSigner([secret]),
    installationId,
    signIn: testSignIn,
    clock,
    random: (size) => randomBytes(size),
    resolver,
    hostWatch: { servedElsewhere: async () => null },
    localGateway: () => null,
    upstreamWatch: { check: async () => ({ outcome: "silent" }) },
    log,
    isStrict: true,
    mailer: null,
    ownAddresses: () => ["127.0.0.1", "::1", "10.1.2.3"],
    ownNames: () => ["box", "box.lan"],
    listensOn: [{ host: "127.0.0.1", port: 3000 }],
    wake: (gatewayIds) => void woken.push([...gatewayIds]),
    prioritize: () => undefined,
    prove: () => undefined,
    events: createEventHub({ database: db.database, log, clock, random: randomBytes }),
    waits: createWaitHub({ database: db.database, log, prioritize: (id) => overrides.prioritize?.(id) }),
    ...overrides,
  };
  const handler = createHandler(runtime);
  const gatewayId = await insertGateway(db, runtime);
  const world: World = {
    runtime,
    handler,
    db,
    gatewayId,
    woken,
    dns,
    now: null,
    log: () => lines.join(""),
    callAs: (key) => callsOf(handler, { key }),
    organization: (options = {}) => insertOrganization(world, { gatewayId, ...options }),
    close: () => {
      runtime.events.close();
      return db.close();
    },
  };
  return world;
}

/** Inserts a gateway that receives no deliveries. */
export async function insertGateway(
  db: TestDatabase,
  runtime: Pick<Runtime, "sealer">,
  options: { address?: string; probeAddress?: string; gatewayId?: string } = {},
): Promise<string> {
  const gatewayId = options.gatewayId ?? newId("gateway");
  const { tagKey, probeHost } = newGatewaySecrets(randomBytes);
  await gatewayRows.insert(db.owner, {
    gatewayId,
    name: gatewayId,
    ...(options.address === undefined ? {} : { address: options.address }),
    ...(options.probeAddress === undefined ? {} : { probeAddress: options.probeAddress }),
    tagKeySealed: runtime.sealer.seal(gatewaySealContexts.tagKey(gatewayId), tagKey),
    probeHostSealed: runtime.sealer.seal(gatewaySealContexts.probeHost(gatewayId), probeHost),
  });
  return gatewayId;
}

async function insertOrganization(
  world: World,
  options: { upstreams?: "any" | "checked"; root?: boolean; gatewayId: string },
): Promise<GivenOrganization> {
  const { db } = world;
  const { upstreams = "any", root = false } = options;
  const { organizationId } = await organizationRows.insert(db.owner, { upstreams, root });
  await organizationGatewayRows.insert(db.owner, { organizationId, gatewayId: options.gatewayId });
  const key = async (role: Role, { expiresAt }: { expiresAt?: Date } = {}) => {
    const created = makeApiKey(randomBytes);
    await keyRows.insert(db.owner, {
      organizationId,
      name: role,
      role,
      hash: registerSecret(created.hash),
      expiresAt: expiresAt ?? null,
    });
    return registerSecret(created.key);
  };
  return { organizationId, gatewayId: options.gatewayId, key, call: world.callAs(await key("owner")) };
}

/** Creates objects through the API. Each function creates only what it needs. */
export function given(organization: GivenOrganization) {
  const ok = async <T>(procedure: string, input: unknown): Promise<T> => {
    const answer = await organization.call<T>(procedure, input);
    if (answer.status !== 200) throw new Error(`${procedure}: ${answer.status} ${answer.text}`);
    return answer.data;
  };
  const environment = async () => {
    const { projectId } = await ok<{ projectId: string }>("projects.create", { name: "Project" });
    return ok<{ environmentId: string; projectId: string }>("environments.create", { projectId, name: "Production" });
  };
  return {
    ok,
    environment,
    application: async <T = { applicationId: string; slug: string }>(input: Record<string, unknown> = {}) =>
      ok<T>("applications.create", {
        name: "Wiki",
        ...input,
        environmentId: input.environmentId ?? (await environment()).environmentId,
      }),
    credential: (
      applicationId: string,
      username = "ada",
      password = registerSecret(`Pw-${randomBytes(9).toString("base64url")}-9z`),
    ) => ok<{ securityId: string }>("security.create", { applicationId, username, password }),
  };
}
