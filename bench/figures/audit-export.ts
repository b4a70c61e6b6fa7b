import { setTimeout as delay } from "node:timers/promises";
import { newId } from "#src/platform/ids";
import { startControlPlane } from "../control-plane";
import { residentMegabytes } from "../cpu";
import { type Figure, notMeasured } from "../figure";
import { type DatabaseKind, missing, newInstallation } from "../installation";
import { seed } from "../seed";
import type { Row } from "../table";

const entries = { few: 20_000, all: 100_000 };
const targetMegabytes = 20;
/** A rate that a remote client can sustain, and at which the server has to wait for the client now and then. */
const pauseEveryBytes = 1_000_000;
const pauseMs = 2;

/** Often enough for several collections during each export. */
const collectMs = 100;

/**
 * How much more memory a control plane uses while it sends 100,000 entries of the audit log (110 MB) to a slow client
 * than while it sends 20,000. Garbage is collected before each measurement, because the amount of garbage between two
 * collections depends on the engine rather than on the export.
 */
export const auditExport = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({ name: `audit-export-${kind}`, measure: () => onDatabase(kind) }),
);

async function onDatabase(kind: DatabaseKind): Promise<Row[]> {
  const label = `memory during an export of ${entries.all} audit entries, beyond that of ${entries.few}, ${kind}`;
  const reason = missing(kind);
  if (reason !== null) return [notMeasured(label, reason)];
  const installation = await newInstallation(kind);
  try {
    const [organization] = await seed(installation, { organizations: 1, applications: 1 });
    if (organization === undefined) throw new Error("The seed contains no organization");
    await installation.fill(({ asOwner }) =>
      asOwner(
        fill,
        Array.from({ length: entries.all }, () => newId("audit")),
      ),
    );
    const server = await startControlPlane(installation, { sync: false, collectMs });
    const address = (format: string, filter = "") => `${server.url}/api/audit/export?format=${format}${filter}`;
    const exportLines = (url: string) => readSlowly(url, organization.key);
    const peaks: number[] = [];
    for (const [filter, expected] of [
      ["&action=bench.few", entries.few],
      ["", entries.all],
    ] as const) {
      server.heldMegabytes.length = 0;
      const result = [await exportLines(address("csv", filter)), await exportLines(address("jsonl", filter))];
      if (result.some((lines) => lines < expected))
        throw new Error(`Expected ${expected} entries, but the exports had ${result.join(" and ")}`);
      peaks.push(Math.max(...server.heldMegabytes));
    }
    const resident = residentMegabytes(server.pid);
    await server.stop();
    const [few = 0, all = 0] = peaks;
    return [
      {
        label,
        measured: `${(all - few).toFixed(1)} MB on ${few.toFixed(1)} MB (resident at the end: ${resident === null ? "unknown" : `${Math.round(resident)} MB`})`,
        target: `<= ${targetMegabytes} MB`,
        ok: all - few <= targetMegabytes,
      },
    ];
  } finally {
    await installation.remove();
  }
}

/** Entries of a tenant, one day old, about one kilobyte each. */
const fill = `
  insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, changed, created_at)
  select id, organization_id, 'system', 'req_bench', case when n <= ${entries.few} then 'bench.few' else 'bench.many' end, 'done', jsonb_build_object('note', repeat('x', 1000)), now() - interval '1 day'
  from jsonb_array_elements_text($1::text::jsonb) with ordinality given(id, n), (select organization_id from organizations where root limit 1) o`;

/** @returns the number of lines that arrived */
async function readSlowly(url: string, key: string): Promise<number> {
  const response = await fetch(url, { headers: { "x-api-key": key } });
  if (response.status !== 200 || response.body === null) throw new Error(`The export failed: ${response.status}`);
  let [lines, bytes] = [0, 0];
  for await (const chunk of response.body) {
    for (const byte of chunk) if (byte === 10) lines += 1;
    const pauses = Math.floor((bytes + chunk.length) / pauseEveryBytes) - Math.floor(bytes / pauseEveryBytes);
    bytes += chunk.length;
    if (pauses > 0) await delay(pauses * pauseMs);
  }
  return lines;
}
