import { setTimeout as delay } from "node:timers/promises";
import { markerDueAt } from "../../src/delivery/planner/marker-spacing";
import { type Figure, notHere } from "../figure";
import { type GatewaySide, startGatewaySide, stopGatewaySide, unavailable } from "../gateway-side";
import { monotonic } from "../monotonic";
import { standingPassword } from "../seed";
import { delivered } from "../settled";
import { median, ms, times } from "../statistics";

const applications = 1_000;
const connections = 16;
const quietRevocations = 5;
/** When something is revoked in the burst, in shares of it. */
const revokedAt = [0.25, 0.5, 0.75];
/** Both in quiet revocations of the same run: from the answer to known to be enforced. */
const askedLast = 6;
const askedRevocation = 3;
/** What the clocks of two processes and the database's milliseconds may differ by. */
const toleranceMs = 5;

/**
 * A thousand credentials at once over a thousand applications, and revocations in the midst of them; against revocations
 * at the same gateway while it is quiet.
 */
export const burst: Figure = {
  name: "burst",
  async measure() {
    const what = "1,000 credentials over 1,000 applications: the last change enforced after its answer";
    const why = unavailable();
    if (why !== null) return [notHere(what, why)];
    const side = await startGatewaySide(applications);
    const quiet: number[] = [];
    for (let number = 1; number <= quietRevocations; number++) {
      await delay(1_000);
      quiet.push((await revoke(side, applications - number)).knownMs);
    }
    await delay(1_000);
    const before = side.server.marked.length;
    const begun = monotonic();
    let answered = begun;
    let last = "";
    let number = 0;
    const revoking: Promise<Revocation>[] = [];
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (number < applications) {
          const turn = number++;
          // Applications that the burst has passed already.
          const revocation = revokedAt.indexOf(turn / applications);
          if (revocation >= 0) revoking.push(revoke(side, revocation));
          const { applicationId = "" } = side.organization.applications[turn] ?? {};
          const input = { applicationId, username: `visitor-${turn}`, password: standingPassword };
          const { sync } = await create(side, input);
          if (monotonic() > answered) {
            answered = monotonic();
            last = sync.changeId;
          }
        }
      }),
    );
    const burstMs = answered - begun;
    await known(side, last);
    const lastMs = monotonic() - answered;
    const revocations = await Promise.all(revoking);
    await delivered(side.place);
    const spacing = await spacingOf(side, before);
    await stopGatewaySide(side);
    if (revocations.length !== revokedAt.length) throw new Error("not everything was revoked");
    const inQuiet = (took: number) => took / median(quiet);
    const slower = median(revocations.map(({ knownMs, refusedMs }) => Math.max(knownMs, refusedMs)));
    const refused = median(revocations.map(({ refusedMs }) => refusedMs));
    return [
      {
        what,
        measured: `${times(inQuiet(lastMs))} of a quiet revocation (${ms(lastMs)} and ${ms(median(quiet))}; the burst took ${ms(burstMs)})`,
        asked: `<= ${times(askedLast)}`,
        ok: inQuiet(lastMs) <= askedLast,
      },
      {
        what: "  revocations among them: known to be enforced after their answer, median",
        measured: `${times(inQuiet(slower))} of a quiet one (${ms(slower)}; the visitor refused: ${ms(refused)})`,
        asked: `<= ${times(askedRevocation)}`,
        ok: inQuiet(slower) <= askedRevocation,
      },
      {
        what: "  markers no closer than the design's spacing",
        measured: `${spacing.markers} markers, ${spacing.tooClose} too close, the closest ${ms(spacing.closest)}`,
        asked: "none too close",
        ok: spacing.tooClose === 0,
      },
    ];
  },
};

type Answer = { sync: { changeId: string } };

function create({ server, organization }: GatewaySide, input: unknown): Promise<Answer> {
  return server.call<Answer>(organization.key, "security.create", input);
}

async function known({ server, organization }: GatewaySide, changeId: string): Promise<void> {
  const wait = { changeId, state: "enforced", timeoutMs: 30_000 };
  const { reached } = await server.call<{ reached: boolean }>(organization.key, "sync.wait", wait);
  if (!reached) throw new Error("a change was not enforced within 30 s");
}

interface Revocation {
  /** From the answer until it is known to be enforced. */
  readonly knownMs: number;
  /** From the answer until the visitor is refused. */
  readonly refusedMs: number;
}

/** Takes the standing credential away from an application. */
async function revoke(side: GatewaySide, index: number): Promise<Revocation> {
  const { server, organization, visit } = side;
  const application = organization.applications[index];
  if (application === undefined) throw new Error("nothing was seeded");
  const { securityId, host } = application;
  const { sync } = await server.call<Answer>(organization.key, "security.delete", { securityId });
  const answered = monotonic();
  const refused = async () => {
    while ((await visit(host, "standing")) === 200) await delay(5);
    return monotonic() - answered;
  };
  const proven = async () => {
    await known(side, sync.changeId);
    return monotonic() - answered;
  };
  const [refusedMs, knownMs] = await Promise.all([refused(), proven()]);
  return { knownMs, refusedMs };
}

/** Holds every gap between two markers against the rule, by the loads that were recorded. */
async function spacingOf({ place, server }: GatewaySide, from: number) {
  const offset = Date.now() - monotonic();
  const rows = await place.look(`select revision, loaded_at,
      exists (select 1 from changes c where c.delivered_in = d.revision and c.closes) as closes
    from deliveries d where applied_at is not null order by revision`);
  const markers = server.marked.slice(from).map((at) => at + offset);
  const deliveries = rows.slice(-markers.length).map((row, index) => ({
    at: markers[index] ?? 0,
    loadedAt: row.loaded_at instanceof Date ? row.loaded_at.getTime() : null,
    closes: row.closes === true,
  }));
  const gaps = deliveries.slice(1).map(({ at, closes }, index) => {
    const lastMarkerAt = deliveries[index]?.at ?? 0;
    const loaded = deliveries.slice(0, index + 1).findLast(({ loadedAt }) => loadedAt !== null && loadedAt < at);
    const loadMs = loaded?.loadedAt ? loaded.loadedAt - loaded.at : 0;
    return { gap: at - lastMarkerAt, due: markerDueAt({ lastMarkerAt, loadMs: loadMs * 0.9 }, closes) - lastMarkerAt };
  });
  return {
    markers: markers.length,
    tooClose: gaps.filter(({ gap, due }) => gap < due - toleranceMs).length,
    closest: Math.min(...gaps.map(({ gap }) => gap)),
  };
}
