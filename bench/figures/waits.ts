import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "#src/platform/ids";
import { startControlPlane } from "../control-plane";
import { type Figure, notMeasured } from "../figure";
import { type DatabaseKind, type Installation, missing, newInstallation } from "../installation";
import { type SeededOrganization, seed } from "../seed";
import { median, ms, quantile, times } from "../statistics";
import type { Row } from "../table";
import { until } from "../until";

const organizations = 10;
const waitsOfOrganization = 100;
/** The number of waits that one key may have in progress. */
const waitsOfKey = 20;
const rounds = 5;
const readsPerSecond = 100;
const target = 2;

/**
 * The latency of `security.one` for an eleventh organization while ten organizations hold a thousand accepted waits,
 * compared with the latency without waits, in turn.
 */
export const waits = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({
    name: `waits-${kind}`,
    measure: ({ full }) => onDatabase(kind, full ? 10_000 : 4_000),
  }),
);

async function onDatabase(kind: DatabaseKind, roundMs: number): Promise<Row[]> {
  const label = `security.one with ${organizations * waitsOfOrganization} waits of ${organizations} organizations, p99, ${kind}`;
  const reason = missing(kind);
  if (reason !== null) return [notMeasured(label, reason)];
  const installation = await newInstallation(kind);
  try {
    const seeded = await seed(installation, { organizations: organizations + 1, applications: waitsOfOrganization });
    const pending = await addPendingChanges(installation, seeded.slice(1));
    return [{ label, ...(await compare(installation, seeded, pending, roundMs)) }];
  } finally {
    await installation.remove();
  }
}

/** Adds one pending change to every application. @returns the ids of each organization's changes */
async function addPendingChanges(
  installation: Installation,
  seeded: readonly SeededOrganization[],
): Promise<string[][]> {
  const rows = seeded.map(({ organizationId, gatewayId, applications }) =>
    applications.map(({ applicationId }) => ({
      change_id: newId("change"),
      organization_id: organizationId,
      application_id: applicationId,
      gateway_id: gatewayId,
      closes: false,
      created_at: new Date().toISOString(),
    })),
  );
  const columns = "change_id, organization_id, application_id, gateway_id, closes, created_at";
  await installation.fill(async ({ asOwner }) => {
    await asOwner(
      `insert into changes (${columns}) select ${columns} from jsonb_populate_recordset(null::changes, $1::text::jsonb)`,
      rows.flat(),
    );
  });
  return rows.map((ofOrganization) => ofOrganization.map(({ change_id }) => change_id));
}

async function compare(
  installation: Installation,
  [reader, ...waiting]: readonly SeededOrganization[],
  pending: readonly (readonly string[])[],
  roundMs: number,
): Promise<Omit<Row, "label">> {
  if (reader === undefined) throw new Error("The seed contains no organization");
  const environment = { ...installation.environment, PORTCULLIS_KEY_CREATIONS_PER_HOUR: "0" };
  const server = await startControlPlane({ ...installation, environment }, { sync: false });
  const keys = await Promise.all(waiting.map(({ key }) => keysOf(server, key)));
  const waitsToOpen = keys.flatMap((ofOrganization, organization) =>
    (pending[organization] ?? []).map((changeId, at) => ({
      changeId,
      key: ofOrganization[Math.floor(at / waitsOfKey)] ?? "",
    })),
  );
  const read = () => timedRead(server.url, reader);
  await paced(2_000, read);
  const quiet: number[] = [];
  const withWaits: number[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    quiet.push(quantile(await paced(roundMs, read), 0.99));
    const held = await hold(server.url, waitsToOpen);
    withWaits.push(quantile(await paced(roundMs, read), 0.99));
    refused += held.answered();
    held.end();
    await delay(500);
  }
  await server.stop();
  const ratio = median(withWaits) / median(quiet);
  return {
    measured: `${times(ratio)} of quiet (${ms(median(withWaits))} and ${ms(median(quiet))}; ${refused} waits ended early)`,
    target: `<= ${times(target)}, all accepted`,
    ok: ratio <= target && refused === 0,
  };
}

type Server = Awaited<ReturnType<typeof startControlPlane>>;

async function keysOf({ call }: Server, owner: string): Promise<string[]> {
  const keys: string[] = [];
  for (let number = 0; number < waitsOfOrganization / waitsOfKey; number++) {
    const { key } = await call<{ key: string }>(owner, "keys.create", { name: `waits-${number}`, role: "viewer" });
    keys.push(key);
  }
  return keys;
}

/** Opens all waits, a few at a time, each on its own connection, and gives them time to be accepted. */
async function hold(url: string, waitsToOpen: readonly { readonly changeId: string; readonly key: string }[]) {
  const open: ClientRequest[] = [];
  let answered = 0;
  for (const { changeId, key } of waitsToOpen) {
    const sent = request(`${url}/api/trpc/sync.wait`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      agent: false,
    });
    sent.on("response", (response: IncomingMessage) => {
      answered++;
      response.resume();
      response.on("error", () => undefined);
    });
    sent.on("error", () => undefined); // the requests are destroyed below
    sent.end(JSON.stringify({ changeId, timeoutMs: 60_000 }));
    open.push(sent);
    if (open.length % 20 === 0) await delay(20);
  }
  await until("all waits to be sent", () => open.every(({ writableFinished }) => writableFinished));
  await delay(2_000);
  return {
    answered: () => answered,
    end: () => {
      for (const sent of open) sent.destroy();
    },
  };
}

/** @returns the duration of one read, in ms */
async function timedRead(url: string, { applications, key }: SeededOrganization): Promise<number> {
  const began = performance.now();
  const response = await fetch(`${url}/api/trpc/security.one`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ securityId: applications[Math.floor(Math.random() * applications.length)]?.securityId }),
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`security.one: ${response.status}`);
  return performance.now() - began;
}

/** Starts this many a second, whether or not earlier ones have ended. @returns the duration of each, in ms */
async function paced(forMs: number, one: () => Promise<number>): Promise<number[]> {
  const began = performance.now();
  const started: Promise<number>[] = [];
  for (let number = 0; number < (forMs / 1_000) * readsPerSecond; number++) {
    const wait = began + (number * 1_000) / readsPerSecond - performance.now();
    if (wait > 0) await delay(wait);
    started.push(one());
  }
  return Promise.all(started);
}
