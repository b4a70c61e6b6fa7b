import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { stringifyCookie } from "cookie";
import { startControlPlane } from "../control-plane";
import { type Figure, notMeasured } from "../figure";
import { type DatabaseKind, type Installation, missing, newInstallation } from "../installation";
import { hashMs } from "../raw-work";
import { type SeededOrganization, seed } from "../seed";
import { cookiesOf, ownerEmail, ownerPassword, seedOwner } from "../signed-in";
import { median, ms, quantile, times } from "../statistics";
import type { Row } from "../table";

const rounds = 4;
const readsPerSecond = 100;
/** The number of cores that the sign-ins keep hashing without a pause, based on the time of a hash in the same run. */
const hashingCores = 1;
const target = 3;

/**
 * The latency of `security.one` during a flood of sign-ins, compared with the latency without sign-ins, in turn. The
 * rate of sign-ins is such that their hashes fill one core of this machine, whatever its speed.
 */
export const signInFlood = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({
    name: `sign-in-flood-${kind}`,
    measure: ({ full }) => onDatabase(kind, full ? 10_000 : 3_500),
  }),
);

async function onDatabase(kind: DatabaseKind, roundMs: number): Promise<Row[]> {
  const label = `security.one during sign-ins that keep ${hashingCores} core hashing, p99, ${kind}`;
  const reason = missing(kind);
  if (reason !== null) return [notMeasured(label, reason)];
  const installation = await newInstallation(kind);
  try {
    const [organization] = await seed(installation, { organizations: 1, applications: 1_000 });
    if (organization === undefined) throw new Error("The seed contains no organization");
    await seedOwner(installation);
    return [{ label, ...(await compare(installation, organization, roundMs)) }];
  } finally {
    await installation.remove();
  }
}

async function compare(
  installation: Installation,
  organization: SeededOrganization,
  roundMs: number,
): Promise<Omit<Row, "label">> {
  // Every sign-in has its own address, because repeated sign-ins from one address are refused before any hashing.
  const environment = { ...installation.environment, PORTCULLIS_TRUSTED_PROXIES: "127.0.0.1" };
  const server = await startControlPlane({ ...installation, environment }, { sync: false });
  const signIn = await openForm(server.url);
  const read = reader(server.url, organization);
  await paced(readsPerSecond, 2_000, read);
  const hash = await hashMs();
  const signInsPerSecond = (hashingCores * 1_000) / hash;
  await paced(signInsPerSecond, 3_000, signIn);
  const idle: number[] = [];
  const flooded: number[] = [];
  const answered = new Map<number, number>();
  for (let round = 0; round < rounds; round++) {
    idle.push(quantile(await paced(readsPerSecond, roundMs, read), 0.99));
    const flood = paced(signInsPerSecond, roundMs, async () => {
      const status = await signIn();
      answered.set(status, (answered.get(status) ?? 0) + 1);
    });
    const [latencies] = await Promise.all([paced(readsPerSecond, roundMs, read), flood]);
    flooded.push(quantile(latencies, 0.99));
  }
  await server.stop();
  const ratio = median(flooded) / median(idle);
  const statuses = [...answered].sort(([one], [other]) => one - other).map(([status, count]) => `${count} x ${status}`);
  return {
    measured: `${times(ratio)} of idle (${ms(median(flooded))} and ${ms(median(idle))}; ${Math.round(signInsPerSecond)} sign-ins/s of ${ms(hash)} each: ${statuses.join(", ")})`,
    target: `<= ${times(target)}`,
    ok: ratio <= target,
  };
}

/** Starts this many a second, whether or not earlier ones have ended. @returns the duration of each, in ms */
async function paced(perSecond: number, forMs: number, one: () => Promise<unknown>): Promise<number[]> {
  const latencies: number[] = [];
  const begun = performance.now();
  const started: Promise<void>[] = [];
  for (let number = 0; number < (forMs / 1_000) * perSecond; number++) {
    const wait = begun + (number * 1_000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    const at = performance.now();
    started.push(one().then(() => void latencies.push(performance.now() - at)));
  }
  await Promise.all(started);
  return latencies;
}

function reader(url: string, { applications, key }: SeededOrganization): () => Promise<void> {
  let next = 0;
  return async () => {
    const securityId = applications[next++ % applications.length]?.securityId;
    const response = await fetch(`${url}/api/trpc/security.one`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      body: JSON.stringify({ securityId }),
    });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`security.one: ${response.status}`);
  };
}

/** Every second sign-in is the owner's, with the right password; the others are unknown. Each costs one hash. */
async function openForm(url: string): Promise<() => Promise<number>> {
  const form = await fetch(`${url}/api/auth/csrf`);
  const cookie = stringifyCookie(cookiesOf(form));
  const { csrfToken } = (await form.json()) as { csrfToken: string };
  let number = 0;
  return async () => {
    number++;
    const email = number % 2 === 0 ? ownerEmail : `unknown-${number}@bench.test`;
    return post(`${url}/api/auth/callback/password`, {
      body: new URLSearchParams({ email, password: ownerPassword, csrfToken, json: "true" }).toString(),
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        cookie,
        origin: url,
        "x-forwarded-for": `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      },
    });
  };
}

/** Uses a new connection, like a new visitor. @returns the status */
async function post(url: string, { body, headers }: { body: string; headers: Record<string, string> }) {
  const sent = request(url, { method: "POST", headers: { ...headers, connection: "close" }, agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}
