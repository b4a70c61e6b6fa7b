import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Figure, notMeasured } from "../figure";
import { type GatewaySide, startGatewaySide, stopGatewaySide, unavailable } from "../gateway-side";
import { monotonic } from "../monotonic";
import { startRawReload } from "../raw-reload";
import { standingPassword } from "../seed";
import { median, ms, quantile, times } from "../statistics";

const target = 2.5;
const slowestTarget = 5;

/**
 * Single changes at a real gateway: the time from the response until visitors are admitted, and until that is known,
 * compared with the time that Traefik needs for a file of the same configuration, in turn.
 */
export const enforced: Figure = {
  name: "enforced",
  async measure({ full }) {
    const label = "response to enforced at a real Traefik, 100 applications, single changes (postgres)";
    const reason = unavailable();
    if (reason !== null) return [notMeasured(label, reason)];
    const side = await startGatewaySide(100);
    const admitted: number[] = [];
    const known: number[] = [];
    const reloads: number[] = [];
    const raw = await startRawReload(join(side.installation.gatewayFolder, "dynamic"));
    for (let sample = 0; sample < (full ? 100 : 15); sample++) {
      await delay(600 + Math.random() * 300);
      reloads.push(await raw.measure());
      await delay(600 + Math.random() * 300);
      const one = await change(side, sample);
      admitted.push(one.admittedMs);
      known.push(one.knownMs);
    }
    await raw.stop();
    await stopGatewaySide(side);
    const reload = median(reloads);
    const [ratio, slowest] = [median(known) / reload, quantile(known, 0.99) / reload];
    return [
      {
        label,
        measured: `${times(ratio)} of Traefik's own reload (medians ${ms(median(known))} and ${ms(reload)}, ${known.length} samples)`,
        target: `<= ${times(target)}`,
        ok: ratio <= target,
      },
      {
        label: "  the same, p99",
        measured: `${times(slowest)} (${ms(quantile(known, 0.99))})`,
        target: `<= ${times(slowestTarget)}`,
        ok: slowest <= slowestTarget,
      },
      {
        label: "  response to the first visitor admitted with the new credential",
        measured: `median ${ms(median(admitted))}, max ${ms(Math.max(...admitted))}`,
        target: "",
        ok: null,
      },
    ];
  },
};

async function change({ server, organization, visit }: GatewaySide, sample: number) {
  const { key, applications } = organization;
  const application = applications[sample % applications.length];
  if (application === undefined) throw new Error("The seed contains no application");
  const { applicationId, host } = application;
  const username = `visitor-${sample}`;
  const { sync } = await server.call<{ sync: { changeId: string } }>(key, "security.create", {
    applicationId,
    username,
    password: standingPassword,
  });
  const answered = monotonic();
  const waitKnown = async () => {
    const wait = { changeId: sync.changeId, state: "enforced", timeoutMs: 20_000 };
    const { reached } = await server.call<{ reached: boolean }>(key, "sync.wait", wait);
    if (!reached) throw new Error("A change was not enforced within 20 s");
    return monotonic() - answered;
  };
  const waitAdmitted = async () => {
    while ((await visit(host, username)) !== 200) await delay(5);
    return monotonic() - answered;
  };
  const [knownMs, admittedMs] = await Promise.all([waitKnown(), waitAdmitted()]);
  return { knownMs, admittedMs };
}
