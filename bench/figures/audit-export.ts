import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../src/core/ids";
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

/**
 * By how much more a control plane grows while it hands 100,000 entries of the audit log (110 MB) to a client that takes its
 * time than while it hands over 20,000: what it needs for a while does not depend on how many there are.
 */
export const auditExport = (["postgres", "embedded"] as const).map(
  (kind): Figure => ({ name: `audit-export-${kind}`, measure: () => onDatabase(kind) }),
);

async function onDatabase(kind: DatabaseKind): Promise<Row[]> {
  const what = `growth for ${entries.all} exported audit entries beyond that for ${entries.few}, ${kind}`;
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
    const server = await startControlPlane(place, { sync: false });
    const address = (format: string, more = "") => `${server.url}/api/audit/export?format=${format}${more}`;
    const take = (url: string) => readSlowly(url, organization.key);
    const peaks: number[] = [];
    for (const [of, least] of [
      ["&action=bench.few", entries.few],
      ["", entries.all],
    ] as const) {
      const { most, result } = await highest(server.pid, async () => [
        await take(address("csv", of)),
        await take(address("jsonl", of)),
      ]);
      if (result.some((lines) => lines < least)) throw new Error(`of ${least} entries ${result.join(" and ")} came`);
      peaks.push(most);
    }
    await server.stop();
    const [few = 0, all = 0] = peaks;
    if (few === 0) return [notHere(what, "the system does not say")];
    return [
      {
        what,
        measured: `${Math.round(all - few)} MB on ${Math.round(few)} MB`,
        asked: `<= ${askedMegabytes} MB`,
        ok: all - few <= askedMegabytes,
      },
    ];
  } finally {
    await place.remove();
  }
}

/** The most resident memory that a process has meanwhile, in MB; 0 where the system does not say. */
async function highest<T>(pid: number, body: () => Promise<T>): Promise<{ most: number; result: T }> {
  let most = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      most = Math.max(most, residentMegabytes(pid) ?? 0);
      await delay(20);
    }
  })();
  try {
    return { result: await body(), most };
  } finally {
    isOver = true;
    await watch;
  }
}

/** Entries of a tenant from a day ago, about a kilobyte each. */
const fill = `
  insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, changed, created_at)
  select id, organization_id, 'system', 'req_bench', case when n <= ${entries.few} then 'bench.few' else 'bench.many' end, 'done', jsonb_build_object('note', repeat('x', 1000)), now() - interval '1 day'
  from jsonb_array_elements_text($1::text::jsonb) with ordinality given(id, n), (select organization_id from organizations where founding limit 1) o`;

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
