import { setTimeout as delay } from "node:timers/promises";
import { markerDueAt } from "../../src/core/sync/marker-spacing";
import { type Figure, notHere } from "../figure";
import { type GatewaySide, startGatewaySide, stopGatewaySide, unavailable } from "../gateway-side";
import { monotonic } from "../monotonic";
import { standingPassword } from "../seed";
import { delivered } from "../settled";
import { ms } from "../statistics";

const applications = 1_000;
const connections = 16;
const askedLastMs = 3_000;
const askedRevocationMs = 1_500;
/** What the clocks of two processes and the database's milliseconds may differ by. */
const toleranceMs = 5;

/** A thousand credentials at once over a thousand applications, and a revocation in the midst of them. */
export const burst: Figure = {
  name: "burst",
  async measure() {
    const what = "1,000 credentials over 1,000 applications: the last change enforced after its answer";
    const why = unavailable();
    if (why !== null) return [notHere(what, why)];
    const side = await startGatewaySide(applications);
    await delay(1_000);
    const before = side.server.marked.length;
    const begun = monotonic();
    const revocation = { turn: applications / 2, knownMs: Number.NaN, refusedMs: Number.NaN };
    let answered = begun;
    let last = "";
    let number = 0;
    const waiting: Promise<void>[] = [];
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (number < applications) {
          const turn = number++;
          if (turn === revocation.turn) waiting.push(revoke(side, revocation));
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
    await Promise.all(waiting);
    await delivered(side.place);
    const spacing = await spacingOf(side, before);
    await stopGatewaySide(side);
    return [
      {
        what,
        measured: `${ms(lastMs)} (the burst took ${ms(burstMs)})`,
        asked: `<= ${ms(askedLastMs)}`,
        ok: lastMs <= askedLastMs,
      },
      {
        what: "  the revocation among them: known to be enforced after its answer",
        measured: `${ms(revocation.knownMs)} (the visitor refused: ${ms(revocation.refusedMs)})`,
        asked: `<= ${ms(askedRevocationMs)}`,
        ok: revocation.knownMs <= askedRevocationMs && revocation.refusedMs <= askedRevocationMs,
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

/** Takes the standing credential away from an application that the burst has passed already. */
async function revoke(side: GatewaySide, times: { knownMs: number; refusedMs: number }): Promise<void> {
  const { server, organization, visit } = side;
  const application = organization.applications[0];
  if (application === undefined) throw new Error("nothing was seeded");
  const { securityId, host } = application;
  const { sync } = await server.call<Answer>(organization.key, "security.delete", { securityId });
  const answered = monotonic();
  const refused = async () => {
    while ((await visit(host, "standing")) === 200) await delay(5);
    times.refusedMs = monotonic() - answered;
  };
  const proven = async () => {
    await known(side, sync.changeId);
    times.knownMs = monotonic() - answered;
  };
  await Promise.all([refused(), proven()]);
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
