import { setTimeout as delay } from "node:timers/promises";
import { markerDueAt } from "#src/delivery/planner/marker-spacing";
import { type Figure, notMeasured } from "../figure";
import { type GatewaySide, startGatewaySide, stopGatewaySide, unavailable } from "../gateway-side";
import { monotonic } from "../monotonic";
import { standingPassword } from "../seed";
import { delivered } from "../settled";
import { median, ms, times } from "../statistics";

const applications = 1_000;
const connections = 16;
const quietRevocations = 5;
/** The points of the burst at which something is revoked, as shares of it. */
const revokedAt = [0.25, 0.5, 0.75];
/** Both as multiples of a quiet revocation in the same run: from the response until the enforcement is known. */
const lastTarget = 6;
const revocationTarget = 3;
/** Tolerance for the clocks of two processes and for the millisecond resolution of the database. */
const toleranceMs = 5;

/**
 * A thousand credentials at once in a thousand applications, with revocations in between, compared with revocations at
 * the same gateway at rest.
 */
export const burst: Figure = {
  name: "burst",
  async measure() {
    const label = "1,000 credentials in 1,000 applications: the last change enforced after its response";
    const reason = unavailable();
    if (reason !== null) return [notMeasured(label, reason)];
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
    const startedRevocations: Promise<Revocation>[] = [];
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (number < applications) {
          const turn = number++;
          // Applications that the burst has already passed.
          const revocation = revokedAt.indexOf(turn / applications);
          if (revocation >= 0) startedRevocations.push(revoke(side, revocation));
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
    await waitUntilEnforced(side, last);
    const lastMs = monotonic() - answered;
    const revocations = await Promise.all(startedRevocations);
    await delivered(side.installation);
    const spacing = await spacingOf(side, before);
    await stopGatewaySide(side);
    if (revocations.length !== revokedAt.length) throw new Error("Not every revocation was started");
    const multipleOfQuiet = (took: number) => took / median(quiet);
    const slower = median(revocations.map(({ knownMs, refusedMs }) => Math.max(knownMs, refusedMs)));
    const refused = median(revocations.map(({ refusedMs }) => refusedMs));
    return [
      {
        label,
        measured: `${times(multipleOfQuiet(lastMs))} of a quiet revocation (${ms(lastMs)} and ${ms(median(quiet))}; the burst took ${ms(burstMs)})`,
        target: `<= ${times(lastTarget)}`,
        ok: multipleOfQuiet(lastMs) <= lastTarget,
      },
      {
        label: "  revocations in between: known to be enforced after their response, median",
        measured: `${times(multipleOfQuiet(slower))} of a quiet one (${ms(slower)}; the visitor refused: ${ms(refused)})`,
        target: `<= ${times(revocationTarget)}`,
        ok: multipleOfQuiet(slower) <= revocationTarget,
      },
      {
        label: "  distance between markers, against the design",
        measured: `${spacing.markers} markers, ${spacing.tooClose} too close, the closest ${ms(spacing.closest)}`,
        target: "none too close",
        ok: spacing.tooClose === 0,
      },
    ];
  },
};

type MutationResult = { sync: { changeId: string } };

function create({ server, organization }: GatewaySide, input: unknown): Promise<MutationResult> {
  return server.call<MutationResult>(organization.key, "security.create", input);
}

async function waitUntilEnforced({ server, organization }: GatewaySide, changeId: string): Promise<void> {
  const wait = { changeId, state: "enforced", timeoutMs: 30_000 };
  const { reached } = await server.call<{ reached: boolean }>(organization.key, "sync.wait", wait);
  if (!reached) throw new Error("A change was not enforced within 30 s");
}

interface Revocation {
  /** From the response until the enforcement is known. */
  readonly knownMs: number;
  /** From the response until the visitor is refused. */
  readonly refusedMs: number;
}

/** Deletes the standing credential of an application. */
async function revoke(side: GatewaySide, index: number): Promise<Revocation> {
  const { server, organization, visit } = side;
  const application = organization.applications[index];
  if (application === undefined) throw new Error("The seed contains no application");
  const { securityId, host } = application;
  const { sync } = await server.call<MutationResult>(organization.key, "security.delete", { securityId });
  const answered = monotonic();
  const refused = async () => {
    while ((await visit(host, "standing")) === 200) await delay(5);
    return monotonic() - answered;
  };
  const proven = async () => {
    await waitUntilEnforced(side, sync.changeId);
    return monotonic() - answered;
  };
  const [refusedMs, knownMs] = await Promise.all([refused(), proven()]);
  return { knownMs, refusedMs };
}

/** Compares every distance between two markers with the rule, based on the recorded load times. */
async function spacingOf({ installation, server }: GatewaySide, from: number) {
  const offset = Date.now() - monotonic();
  const rows = await installation.query(`select revision, loaded_at,
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
