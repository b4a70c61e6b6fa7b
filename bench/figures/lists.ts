import { type BenchControlPlane, startControlPlane } from "../control-plane";
import { type Figure, notMeasured } from "../figure";
import { type DatabaseKind, type Installation, missing, newInstallation } from "../installation";
import { type SeededOrganization, seed } from "../seed";
import { median, ms } from "../statistics";
import type { Row } from "../table";

const applications = 10_000;
/** The most time that a person does not notice as waiting, minus the network and the page. */
const limits: Readonly<Record<DatabaseKind, number>> = { postgres: 50, embedded: 100 };

/** What the console's lists ask for, among 10,000 applications: any page of any filter, the overview, the search. */
export const lists = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({
    name: `lists-${kind}`,
    measure: ({ full }) => onDatabase(kind, full ? 60 : 20),
  }),
);

async function onDatabase(kind: DatabaseKind, samples: number): Promise<Row[]> {
  const reason = missing(kind);
  if (reason !== null) return [notMeasured(`lists of ${applications} applications, ${kind}`, reason)];
  const installation = await newInstallation(kind);
  try {
    const [organization] = await seed(installation, { organizations: 1, applications });
    if (organization === undefined) throw new Error("The seed contains no organization");
    await seedStates(installation);
    const server = await startControlPlane(installation, { sync: false });
    const rows = await measure(kind, server, organization, samples);
    await server.stop();
    return rows;
  } finally {
    await installation.remove();
  }
}

/** Every application was delivered. Some are not proven, some have changed since, some proofs are old. */
function seedStates(installation: Installation): Promise<unknown> {
  return installation.fill(async ({ asOwner }) => {
    await asOwner(
      `insert into application_states (gateway_id, application_id, organization_id, revision, digest, tag, intended, form,
         diagnostics, probes, removed, delivered_at, proven_revision, proved_at, unproven)
       select gateway_id, application_id, organization_id, 1, 'digest', 'tag', 'protected', 'stated', '[]', '[]', false,
         now(), case when n % 7 = 0 then 0 else 1 end, now() - case when n % 11 = 0 then interval '1 day' else '0' end,
         case when n % 7 = 0 then 'not_our_router' when n % 997 = 0 then 'passed' end
       from (select *, row_number() over (order by application_id) as n from applications) a`,
    );
    await asOwner(
      `insert into changes (change_id, organization_id, application_id, gateway_id, closes, created_at)
       select 'chg_' || application_id, organization_id, application_id, gateway_id, false, now()
       from (select *, row_number() over (order by application_id) as n from applications) a where n % 13 = 0`,
    );
    await asOwner("analyze");
  });
}

/** Filters and orders of `applications.list`. Each is asked for its first and for its last page. */
const filters: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { query: "app-77" },
  { query: "a77.o0.bench" },
  { query: "nothing has this name" },
  { exposure: ["protected"] },
  { exposure: ["public", "unknown"], sort: "name", order: "asc" },
  { reason: ["passed"] },
  { exposure: ["unknown"], query: "app-9", sort: "exposure", order: "asc" },
  { access: "protected", sort: "changedAt" },
  { credentialsOlderThanDays: 0, sort: "oldestPassword", order: "asc" },
  { sort: "exposure" },
  { sort: "name" },
];
const perPage = 200;

async function measure(
  kind: DatabaseKind,
  server: BenchControlPlane,
  { key }: SeededOrganization,
  samples: number,
): Promise<Row[]> {
  const limit = limits[kind];
  const timeOf = async (procedure: string, input: unknown) => {
    const taken: number[] = [];
    for (let sample = -3; sample < samples; sample++) {
      const begun = performance.now();
      await server.call(key, procedure, input);
      if (sample >= 0) taken.push(performance.now() - begun);
    }
    return median(taken);
  };
  const row = (label: string, taken: number, note = ""): Row => ({
    label: `${label}, ${applications} applications, ${kind}`,
    measured: `${ms(taken)}${note}`,
    target: `<= ${ms(limit)}`,
    ok: taken <= limit,
  });
  const pages: { readonly taken: number; readonly page: string }[] = [];
  for (const filter of filters) {
    const first = { ...filter, limit: perPage };
    const { total } = await server.call<{ total: number }>(key, "applications.list", first);
    const last = { ...first, offset: Math.max(0, total - perPage) };
    for (const input of [first, last])
      pages.push({ taken: await timeOf("applications.list", input), page: JSON.stringify(input) });
  }
  const slowest = pages.reduce((one, other) => (other.taken > one.taken ? other : one));
  const searches: number[] = [];
  for (const text of ["app-77", "bench.test", "standing", "nothing has this name"])
    searches.push(await timeOf("search", { text }));
  return [
    row(`the slowest page of ${perPage} applications`, slowest.taken, ` (${slowest.page})`),
    {
      label: "  the median of all pages",
      measured: ms(median(pages.map(({ taken }) => taken))),
      target: "",
      ok: null,
    },
    row("overview.get", await timeOf("overview.get", {})),
    row("the slowest search", Math.max(...searches)),
  ];
}
