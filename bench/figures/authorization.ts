import { startControlPlane } from "../control-plane";
import { type Figure, notMeasured } from "../figure";
import { type LoadRequest, load } from "../http-load";
import { type DatabaseKind, type Installation, missing, newInstallation } from "../installation";
import { openHeader } from "../open-reads";
import { type SeededOrganization, seed } from "../seed";
import { seedOwner, signIn } from "../signed-in";
import { median, times } from "../statistics";
import type { Row } from "../table";

const connections = 16;
const rounds = 3;
const target = 0.6;

/** `security.one` with a key and with a cookie, compared with the same query without authentication, in turn. */
export const authorization = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({
    name: `authorization-${kind}`,
    measure: ({ full }) => onDatabase(kind, full ? 6_000 : 2_000),
  }),
);

async function onDatabase(kind: DatabaseKind, roundMs: number): Promise<Row[]> {
  const label = `security.one, ${connections} connections, ${kind}`;
  const reason = missing(kind);
  if (reason !== null) return [notMeasured(label, reason)];
  const installation = await newInstallation(kind);
  try {
    const [organization] = await seed(installation, { organizations: 1, applications: 1_000 });
    if (organization === undefined) throw new Error("The seed contains no organization");
    await seedOwner(installation);
    return await compare(label, installation, organization, roundMs);
  } finally {
    await installation.remove();
  }
}

async function compare(
  label: string,
  installation: Installation,
  organization: SeededOrganization,
  roundMs: number,
): Promise<Row[]> {
  const server = await startControlPlane(installation, { sync: false, openReads: true });
  const cookie = await signIn(server.url);
  const methods = {
    open: { [openHeader]: organization.organizationId },
    key: { "x-api-key": organization.key },
    cookie: { cookie, host: new URL(server.url).host },
  };
  const perSecond = async (headers: Readonly<Record<string, string>>, forMs: number) => {
    const run = await load(server.url, { connections, forMs }, reads(organization, headers));
    if (run.refused > 0) throw new Error(`${run.refused} requests were refused: ${run.firstRefusal}`);
    return run.answers / run.seconds;
  };
  for (const headers of Object.values(methods)) await perSecond(headers, 2_000);
  const shares: Record<"key" | "cookie", number[]> = { key: [], cookie: [] };
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const open = await perSecond(methods.open, roundMs);
    rates.push(open);
    for (const method of ["key", "cookie"] as const)
      shares[method].push((await perSecond(methods[method], roundMs)) / open);
  }
  await server.stop();
  const open = Math.round(median(rates));
  return (["key", "cookie"] as const).map((method) => {
    const share = median(shares[method]);
    return {
      label: `${label}, with ${method}`,
      measured: `${times(share)} of the query alone (${open} per s)`,
      target: `>= ${times(target)}`,
      ok: share >= target,
    };
  });
}

function reads({ applications }: SeededOrganization, headers: Readonly<Record<string, string>>): () => LoadRequest {
  let next = 0;
  return () => {
    const securityId = applications[next++ % applications.length]?.securityId;
    return { procedure: "security.one", headers, input: { securityId } };
  };
}
