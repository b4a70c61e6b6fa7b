import { randomBytes } from "node:crypto";
import pino from "pino";
import { makeApiKey } from "../../src/access/api-keys";
import type { Role } from "../../src/access/permissions";
import type { Runtime, SignInSettings } from "../../src/access/runtime";
import { makeSealer } from "../../src/database/sealing";
import { makeSigner } from "../../src/database/signing";
import { gatewayPlaces, newGatewaySecrets } from "../../src/delivery/planner/gateway-secrets";
import { createWaitHub } from "../../src/delivery/wait-hub";
import { createHandler, type Handler } from "../../src/http/handler";
import { prepareForNextAuth } from "../../src/main/settings/environment";
import { newId } from "../../src/platform/ids";
import type { Resolver } from "../../src/platform/values";
import { registerSecret } from "./secrets";
import { openTestDatabase, type TestDatabase } from "./test-database";

/** A parsed response of the API. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  /** `result.data` of a successful response. */
  readonly data: T;
  readonly error: {
    message: string;
    data: { code: string; httpStatus: number; reason: string; requestId: string; fields?: Record<string, string> };
  };
  readonly text: string;
  readonly headers: Headers;
}

export type Call = <T = Record<string, unknown>>(procedure: string, input?: unknown) => Promise<Answer<T>>;

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
  answerFloorMs: 0,
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
  const installationId = newId("installation");
  await db.asOwner(
    "insert into installation (installation_id, secret_fingerprint, created_at) values ($1, $2, now())",
    [installationId, "f".repeat(64)],
  );
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const runtime: Runtime = {
    database: db.database,
    sealer: makeSealer([secret]),
    signer: makeSigner([secret]),
    installationId,
    signIn: testSignIn,
    clock: { now: () => world.now ?? new Date() },
    random: (size) => randomBytes(size),
    resolver,
    hostWatch: { servedElsewhere: async () => null },
    localGateway: () => null,
    upstreamWatch: { ask: async () => ({ outcome: "silent" }) },
    log,
    isStrict: true,
    mailer: null,
    ownAddresses: () => ["127.0.0.1", "::1", "10.1.2.3"],
    ownNames: () => ["box", "box.lan"],
    listensOn: [{ host: "127.0.0.1", port: 3000 }],
    wake: (gatewayIds) => void woken.push([...gatewayIds]),
    prioritize: () => undefined,
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
    callAs: (key) => callWith(handler, key),
    organization: (options = {}) => insertOrganization(world, { gatewayId, ...options }),
    close: () => db.close(),
  };
  return world;
}

function callWith(handler: Handler, key: string | null): Call {
  return async <T>(procedure: string, input: unknown = {}) => {
    const response = await handler(
      new Request(`http://127.0.0.1/api/trpc/${procedure}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(key === null ? {} : { "x-api-key": key }) },
        body: JSON.stringify(input),
      }),
      { ip: "127.0.0.1" },
    );
    const text = await response.text();
    const body = JSON.parse(text) as { result?: { data: T }; error?: Answer["error"] };
    return {
      status: response.status,
      data: body.result?.data as T,
      error: body.error as Answer["error"],
      text,
      headers: response.headers,
    };
  };
}

/** Inserts a gateway that receives no deliveries. */
export async function insertGateway(
  db: TestDatabase,
  runtime: Pick<Runtime, "sealer">,
  options: { address?: string; probeAddress?: string; gatewayId?: string } = {},
): Promise<string> {
  const gatewayId = options.gatewayId ?? newId("gateway");
  const { tagKey, probeHost } = newGatewaySecrets(randomBytes);
  await db.asOwner(
    `insert into gateways (gateway_id, name, target, address, probe_address, tag_key_sealed, probe_host_sealed, epoch, created_at)
     values ($1, $1, 'file', $2, $3, $4, $5, 'e0', now())`,
    [
      gatewayId,
      options.address ?? "127.0.0.1:8000",
      options.probeAddress ?? "127.0.0.1:8001",
      runtime.sealer.seal(gatewayPlaces.tagKey(gatewayId), tagKey),
      runtime.sealer.seal(gatewayPlaces.probeHost(gatewayId), probeHost),
    ],
  );
  return gatewayId;
}

async function insertOrganization(
  world: World,
  options: { upstreams?: "any" | "checked"; root?: boolean; gatewayId: string },
): Promise<GivenOrganization> {
  const { db } = world;
  const organizationId = newId("organization");
  await db.asOwner(
    `insert into organizations (organization_id, name, slug, upstreams, root, created_at) values ($1, $2, $3, $4, $5, now())`,
    [
      organizationId,
      `Organization ${organizationId.slice(-6)}`,
      organizationId.replace("_", "-"),
      options.upstreams ?? "any",
      options.root ?? false,
    ],
  );
  await db.asOwner(
    `insert into organization_gateways (organization_id, gateway_id, created_at) values ($1, $2, now())`,
    [organizationId, options.gatewayId],
  );
  const key = async (role: Role, { expiresAt }: { expiresAt?: Date } = {}) => {
    const created = makeApiKey(randomBytes);
    await db.asOwner(
      `insert into api_keys (api_key_id, organization_id, name, role, hash, created_at, expires_at) values ($1, $2, $3, $4, $5, now(), $6)`,
      [newId("apiKey"), organizationId, role, role, registerSecret(created.hash), expiresAt?.toISOString() ?? null],
    );
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
