import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../src/platform/ids";
import { startControlPlane } from "../control-plane";
import { residentMegabytes } from "../cpu";
import { type Figure, notHere } from "../figure";
import { type DatabaseKind, missing, newPlace } from "../place";
import { seed } from "../seed";
import type { Row } from "../table";

const entries = { few: 20_000, all: 100_000 };
const askedMegabytes = 20;
/** A pace that a client can keep from afar, and that leaves the server waiting for it now and then. */
const pauseEveryBytes = 1_000_000;
const pauseMs = 2;

/** Often enough to meet many pages of each export. */
const collectMs = 100;

/**
 * How much more a control plane holds while it hands 100,000 entries of the audit log (110 MB) to a client that takes its
 * time than while it hands over 20,000. Garbage is collected before each look: how much of it there is between two
 * collections says more of the engine than of the export.
 */
export const auditExport = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({ name: `audit-export-${kind}`, measure: () => onDatabase(kind) }),
);

async function onDatabase(kind: DatabaseKind): Promise<Row[]> {
  const what = `held while ${entries.all} audit entries are exported, beyond that for ${entries.few}, ${kind}`;
  const why = missing(kind);
  if (why !== null) return [notHere(what, why)];
  const place = await newPlace(kind);
  try {
    const [organization] = await seed(place, { organizations: 1, applications: 1 });
    if (organization === undefined) throw new Error("nothing was seeded");
    await place.fill(({ asOwner }) =>
      asOwner(
        fill,
        Array.from({ length: entries.all }, () => newId("audit")),
      ),
    );
    const server = await startControlPlane(place, { sync: false, collectMs });
    const address = (format: string, more = "") => `${server.url}/api/audit/export?format=${format}${more}`;
    const take = (url: string) => readSlowly(url, organization.key);
    const peaks: number[] = [];
    for (const [of, least] of [
      ["&action=bench.few", entries.few],
      ["", entries.all],
    ] as const) {
      server.heldMegabytes.length = 0;
      const result = [await take(address("csv", of)), await take(address("jsonl", of))];
      if (result.some((lines) => lines < least)) throw new Error(`of ${least} entries ${result.join(" and ")} came`);
      peaks.push(Math.max(...server.heldMegabytes));
    }
    const resident = residentMegabytes(server.pid);
    await server.stop();
    const [few = 0, all = 0] = peaks;
    return [
      {
        what,
        measured: `${(all - few).toFixed(1)} MB on ${few.toFixed(1)} MB (resident at the end: ${resident === null ? "unknown" : `${Math.round(resident)} MB`})`,
        asked: `<= ${askedMegabytes} MB`,
        ok: all - few <= askedMegabytes,
      },
    ];
  } finally {
    await place.remove();
  }
}

/** Entries of a tenant from a day ago, about a kilobyte each. */
const fill = `
  insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, changed, created_at)
  select id, organization_id, 'system', 'req_bench', case when n <= ${entries.few} then 'bench.few' else 'bench.many' end, 'done', jsonb_build_object('note', repeat('x', 1000)), now() - interval '1 day'
  from jsonb_array_elements_text($1::text::jsonb) with ordinality given(id, n), (select organization_id from organizations where root limit 1) o`;

/** @returns how many lines came */
async function readSlowly(url: string, key: string): Promise<number> {
  const response = await fetch(url, { headers: { "x-api-key": key } });
  if (response.status !== 200 || response.body === null) throw new Error(`the export: ${response.status}`);
  let [lines, bytes] = [0, 0];
  for await (const piece of response.body) {
    for (const byte of piece) if (byte === 10) lines += 1;
    const pauses = Math.floor((bytes + piece.length) / pauseEveryBytes) - Math.floor(bytes / pauseEveryBytes);
    bytes += piece.length;
    if (pauses > 0) await delay(pauses * pauseMs);
  }
  return lines;
}
